#include "eval/score_screen.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/parallel.h"

namespace fr {

namespace {

constexpr int64_t kCacheLine = 64;
constexpr int64_t kRun = 4 * kQuadRun;  // values
constexpr int64_t kLanes = 16;          // values looked at side by side
static_assert(kRun % kLanes == 0);
constexpr int64_t kStartBytes = 2 * int64_t{sizeof(int16_t)};  // before a gallery row's codes of a run

// A bound of |x| from above, given the sum in f32 of the squares of its `dim` values.
float root_from_above(float squares, int64_t dim) {
  const float underflow = static_cast<float>(dim) * std::numeric_limits<float>::min();
  return std::sqrt(squares + underflow) * (1 + rounding_share(dim));
}

int64_t half_of(int64_t value) { return value / 2 % 2; }  // of its run

// f(k, k % kLanes) for k < count.
template <class F>
void by_lanes(int64_t count, const F& f) {
  int64_t k = 0;
  for (; k + kLanes <= count; k += kLanes) {
#pragma omp simd
    for (int64_t lane = 0; lane < kLanes; ++lane) f(k + lane, lane);
  }
  for (int64_t lane = 0; k + lane < count; ++lane) f(k + lane, lane);
}

// What takes the probes' offset from the products of the two halves of a run, modulo 2^16.
std::array<uint16_t, 2> offsets_of(const int8_t* codes, int64_t count) {
  int16_t sums[kLanes] = {};
  by_lanes(count, [&](int64_t k, int64_t lane) { sums[lane] = static_cast<int16_t>(sums[lane] + codes[k]); });
  std::array<uint16_t, 2> offsets = {};
  for (int64_t lane = 0; lane < kLanes; ++lane) {
    uint16_t& offset = offsets[static_cast<size_t>(half_of(lane))];
    offset = static_cast<uint16_t>(offset - kProbeOffset * sums[lane]);
  }
  return offsets;
}

struct Extent {
  float largest = 0;  // size of a value
  float squares = 0;  // their sum
  float half = 0;     // the largest sum of squares of half a run
};

Extent extent_of(const float* row, int64_t dim) {
  Extent extent;
  for (int64_t begin = 0; begin < dim; begin += kRun) {
    const float* const values = row + begin;
    float largest[kLanes] = {}, squares[kLanes] = {}, half[2] = {};
    by_lanes(std::min(kRun, dim - begin), [&](int64_t k, int64_t lane) {
      largest[lane] = std::max(largest[lane], std::fabs(values[k]));
      squares[lane] = std::fma(values[k], values[k], squares[lane]);
    });
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      extent.largest = std::max(extent.largest, largest[lane]);
      half[half_of(lane)] += squares[lane];
    }
    extent.squares += half[0] + half[1];
    extent.half = std::max({extent.half, half[0], half[1]});
  }
  return extent;
}

}  // namespace

CodedPanels::CodedPanels(int64_t rows, int64_t dim, int64_t width)
    : dim_(dim), width_(width), quads_((dim + 3) / 4) {
  const int64_t runs = width == kGalleryPanel ? (quads_ + kQuadRun - 1) / kQuadRun : 0;
  panel_bytes_ = (4 * quads_ + kStartBytes * runs) * width;
  const int64_t panels = (rows + width - 1) / width;
  const auto lanes = static_cast<size_t>(panels * width);
  codes_ = Memory(panels * panel_bytes_);
  step_.resize(lanes);
  error_.resize(lanes);
  length_.resize(lanes);
}

void CodedPanels::code(const RowSet& set, int64_t begin, int64_t count, float* rows) {
  parallel_ranges((count + width_ - 1) / width_, 1, [&](int64_t first, int64_t last) {
    std::vector<float> one(static_cast<size_t>(dim_));
    std::vector<int8_t> codes(static_cast<size_t>(panel_bytes_ / width_));
    for (int64_t index = first * width_; index < last * width_; ++index) {
      float* row = rows != nullptr && index < count ? rows + index * dim_ : one.data();
      if (index < count) {
        set.read(begin + index, row);
      } else {
        std::fill(one.begin(), one.end(), 0.0f);
      }
      code_row(row, index, codes.data());
      std::byte* const to = codes_.data() + index / width_ * panel_bytes_ + index % width_ * 4;
      for (size_t i = 0; i < codes.size(); i += 4) {
        std::memcpy(to + static_cast<int64_t>(i) * width_, codes.data() + i, 4);
      }
    }
  });
}

void CodedPanels::code_row(const float* row, int64_t index, int8_t* codes) {
  const bool probe = width_ == kProbePanel;
  const int most = probe ? kMostProbeCode : kMostGalleryCode, added = probe ? kProbeOffset : 0;
  const Extent extent = extent_of(row, dim_);
  // Rounded to codes, half a run is longer by half a code in each of its 2 * kQuadRun places at most.
  constexpr int64_t kLonger = 4;
  static_assert(4 * kLonger * kLonger >= 2 * kQuadRun);
  const float step =
      std::max(extent.largest / static_cast<float>(most),
               root_from_above(extent.half, dim_) / static_cast<float>(kLongestHalf - kLonger));
  const float inverse = 1 / step;
  const float half = static_cast<float>(most) + 0.5f;
  float error = 0;
  int32_t squares = 0;
  for (int64_t begin = 0; begin < dim_; begin += kRun) {
    const int64_t count = std::min(kRun, dim_ - begin);
    const float* const values = row + begin;
    int8_t* const start = codes;
    if (!probe) codes += kStartBytes;
#pragma omp simd reduction(+ : error, squares)
    for (int64_t k = 0; k < count; ++k) {
      // Rounded by cutting a positive number short.
      const int32_t code = static_cast<int32_t>(values[k] * inverse + half) - most;
      const float difference = std::fma(-step, static_cast<float>(code), values[k]);
      error = std::fma(difference, difference, error);
      squares += code * code;
      codes[k] = static_cast<int8_t>(code + added);
    }
    if (!probe) {
      const std::array<uint16_t, 2> offsets = offsets_of(codes, count);
      std::memcpy(start, offsets.data(), kStartBytes);
    }
    codes += count;
  }
  const auto at = static_cast<size_t>(index);
  step_[at] = step;
  error_[at] = root_from_above(error, dim_);
  length_[at] = std::max(root_from_above(extent.squares, dim_),
                         root_from_above(static_cast<float>(squares), dim_) * step);
}

bool screen_tile(const CodedPanels& probes, const CodedPanels& gallery, const ScreenTile& tile, int64_t dim,
                 const float* cuts, int64_t most, std::vector<std::vector<int32_t>>& candidates) {
  const float rounding = rounding_share(dim);  // pair_score's own, and that of the estimates below
  // What the bounds of a probe's pairs take of a gallery row's length, for |a - a'| |b| and rounding, and of
  // its error, for |a'| |b - b'|.
  std::vector<float> of_length(static_cast<size_t>(tile.rows)), of_error(static_cast<size_t>(tile.rows));
  std::vector<float> least(static_cast<size_t>(tile.rows + kProbePanel),
                           std::numeric_limits<float>::infinity());
  const float* const probe_step = probes.step() + tile.probe;
  for (int64_t r = 0; r < tile.rows; ++r) {
    const auto at = static_cast<size_t>(r);
    const float length = probes.length()[tile.probe + r];
    of_length[at] = probes.error()[tile.probe + r] * (1 + rounding) + rounding * length;
    of_error[at] = length * (1 + rounding);
    candidates[at].clear();
  }
  const int64_t panel_bytes = gallery.panel_bytes();
  const int64_t share =
      (panel_bytes * kProbePanel + tile.rows - 1) / tile.rows;  // fetched in each call's time
  int64_t found = 0;
  for (int64_t begin = 0; begin < tile.cols; begin += kGalleryPanel) {
    const int64_t first = tile.gallery + begin, cols = std::min(kGalleryPanel, tile.cols - begin);
    const float* const step = gallery.step() + first;
    const float* const length = gallery.length() + first;
    const float* const error = gallery.error() + first;
    // In most blocks not even the longest and worst coded row can reach the cut.
    const float longest = *std::max_element(length, length + cols);
    const float worst = *std::max_element(error, error + cols);
#pragma omp simd
    for (size_t r = 0; r < of_length.size(); ++r) {
      least[r] = (cuts[r] - of_length[r] * longest - of_error[r] * worst) / probe_step[r];
    }
    const uint8_t* next = gallery.panel(first) + panel_bytes;
    for (int64_t r = 0; r < tile.rows; r += kProbePanel, next += share) {
      for (int64_t i = 0; i < share; i += kCacheLine) __builtin_prefetch(next + i);
      CodedProducts made;
      const CodedBlock block{probes.panel(tile.probe + r), gallery.panel(first), step, least.data() + r};
      if (!screen_codes(probes.quads(), block, made)) continue;
      for (int64_t i = 0; i < std::min(kProbePanel, tile.rows - r); ++i) {
        const auto at = static_cast<size_t>(r + i);
        for (uint32_t bits = made.reaching[i]; bits != 0; bits &= bits - 1) {
          const int64_t c = std::countr_zero(bits);
          if (c >= cols) break;
          const float estimate = static_cast<float>(made.products[i][c]) * step[c] * probe_step[at];
          // Not a number where a bound overflows: that passes.
          const float highest = estimate + (of_length[at] * length[c] + of_error[at] * error[c]);
          if (highest < cuts[at]) continue;
          candidates[at].push_back(static_cast<int32_t>(begin + c));
          ++found;
        }
      }
    }
    if (found > most) return false;
  }
  return true;
}

}  // namespace fr
