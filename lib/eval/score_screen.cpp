#include "eval/score_screen.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/parallel.h"

namespace fr {

namespace {

constexpr int kProbeOffset = 64;
constexpr int64_t kCacheLine = 64;

// A bound of |x| from above, given the sum in f32 of the squares of its `dim` values.
float root_from_above(float squares, int64_t dim) {
  const float underflow = static_cast<float>(dim) * std::numeric_limits<float>::min();
  return std::sqrt(squares + underflow) * (1 + rounding_share(dim));
}

}  // namespace

CodedPanels::CodedPanels(int64_t rows, int64_t dim, int64_t width)
    : dim_(dim), padded_dim_((dim + 4 * kQuadRun - 1) / (4 * kQuadRun) * (4 * kQuadRun)), width_(width) {
  const auto lanes = static_cast<size_t>((rows + width - 1) / width * width);
  codes_ = Memory(static_cast<int64_t>(lanes) * padded_dim_);
  step_.resize(lanes);
  error_.resize(lanes);
  length_.resize(lanes);
  start_.resize(lanes);
}

void CodedPanels::code(const RowSet& set, int64_t begin, int64_t count, float* rows) {
  parallel_ranges((count + width_ - 1) / width_, 1, [&](int64_t first, int64_t last) {
    std::vector<float> one(static_cast<size_t>(padded_dim_));
    std::vector<int8_t> codes(static_cast<size_t>(padded_dim_));
    for (int64_t index = first * width_; index < last * width_; ++index) {
      float* row = rows != nullptr && index < count ? rows + index * dim_ : one.data();
      if (index < count) {
        set.read(begin + index, row);
      } else {
        std::fill(one.begin(), one.end(), 0.0f);
      }
      code_row(row, index, codes.data());
      std::byte* const to = codes_.data() + index / width_ * width_ * padded_dim_ + index % width_ * 4;
      for (int64_t q = 0; q < quads(); ++q) std::memcpy(to + q * width_ * 4, codes.data() + q * 4, 4);
    }
  });
}

void CodedPanels::code_row(const float* row, int64_t index, int8_t* codes) {
  const bool probe = width_ == kProbePanel;
  const int most = probe ? kMostProbeCode - kProbeOffset : kMostGalleryCode;
  const int added = probe ? kProbeOffset : 0;
  float largest = 0;
#pragma omp simd reduction(max : largest)
  for (int64_t k = 0; k < dim_; ++k) largest = std::max(largest, std::fabs(row[k]));
  const float step = largest / static_cast<float>(most);
  const float inverse = step >= std::numeric_limits<float>::min() ? 1 / step : 0;
  const float half = static_cast<float>(most) + 0.5f;
  float error = 0, length = 0;
  int32_t sum = 0, squares = 0;
#pragma omp simd reduction(+ : error, length, sum, squares)
  for (int64_t k = 0; k < dim_; ++k) {
    // Rounded by cutting a positive number short.
    const int32_t code = static_cast<int32_t>(row[k] * inverse + half) - most;
    const float difference = std::fma(-step, static_cast<float>(code), row[k]);
    error = std::fma(difference, difference, error);
    length = std::fma(row[k], row[k], length);
    sum += code;
    squares += code * code;
    codes[k] = static_cast<int8_t>(code + added);
  }
  std::fill(codes + dim_, codes + padded_dim_, static_cast<int8_t>(added));
  const auto at = static_cast<size_t>(index);
  step_[at] = step;
  error_[at] = root_from_above(error, dim_);
  length_[at] =
      std::max(root_from_above(length, dim_), root_from_above(static_cast<float>(squares), dim_) * step);
  start_[at] = -kProbeOffset * sum;
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
  const int64_t panel_bytes = kGalleryPanel * 4 * gallery.quads();
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
      const CodedBlock block{probes.panel(tile.probe + r), gallery.panel(first), gallery.start() + first,
                             step, least.data() + r};
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
