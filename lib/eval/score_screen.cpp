#include "eval/score_screen.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/parallel.h"
#include "eval/score_kernel.h"

namespace fr {

namespace {

constexpr int kProbeOffset = 64;
constexpr int64_t kCacheLine = 64;
constexpr int64_t kRun = 32;  // columns compared with a cut at a time

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
  offset_.resize(lanes);
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
  offset_[at] = kProbeOffset * sum;
}

bool screen_tile(const CodedPanels& probes, const CodedPanels& gallery, const ScreenTile& tile, int64_t dim,
                 const float* cuts, int32_t* products, int64_t most,
                 std::vector<std::vector<int32_t>>& candidates) {
  const int64_t stride = (tile.cols + kGalleryPanel - 1) / kGalleryPanel * kGalleryPanel;
  const int64_t panel_bytes = kGalleryPanel * 4 * gallery.quads();
  const int64_t share =
      (panel_bytes * kProbePanel + tile.rows - 1) / tile.rows;  // fetched in each call's time
  for (int64_t c = 0; c < tile.cols; c += kGalleryPanel) {
    const uint8_t* next = gallery.panel(tile.gallery + c) + panel_bytes;
    for (int64_t r = 0; r < tile.rows; r += kProbePanel, next += share) {
      for (int64_t i = 0; i < share; i += kCacheLine) __builtin_prefetch(next + i);
      multiply_codes(probes.quads(), probes.panel(tile.probe + r), gallery.panel(tile.gallery + c),
                     products + r * stride + c, stride);
    }
  }
  const float* step = gallery.step() + tile.gallery;
  const float* error = gallery.error() + tile.gallery;
  const float* length = gallery.length() + tile.gallery;
  const int32_t* offset = gallery.offset() + tile.gallery;
  const float rounding = rounding_share(dim);  // pair_score's own, and that of the estimates below
  struct Run {
    int64_t begin, end;
    float length, error;  // the largest
  };
  std::vector<Run> runs;
  for (int64_t begin = 0; begin < tile.cols; begin += kRun) {
    const int64_t end = std::min(begin + kRun, tile.cols);
    runs.push_back({begin, end, *std::max_element(length + begin, length + end),
                    *std::max_element(error + begin, error + end)});
  }
  int64_t found = 0;
  for (int64_t r = 0; r < tile.rows; ++r) {
    std::vector<int32_t>& passed = candidates[static_cast<size_t>(r)];
    passed.clear();
    const auto probe = static_cast<size_t>(tile.probe + r);
    const float probe_step = probes.step()[probe], probe_length = probes.length()[probe];
    // |a - a'| |b| and rounding; the other part is |a'| |b - b'|.
    const float of_length = probes.error()[probe] * (1 + rounding) + rounding * probe_length;
    const float of_error = probe_length * (1 + rounding);
    const int32_t* row = products + r * stride;
    const auto highest = [&](int64_t c) {  // not a number where a bound overflows: that passes
      const float estimate = static_cast<float>(row[c] - offset[c]) * step[c] * probe_step;
      return estimate + (of_length * length[c] + of_error * error[c]);
    };
    for (const Run& run : runs) {
      // Of most runs not even the longest and worst coded row can reach the cut.
      const float least = (cuts[r] - of_length * run.length - of_error * run.error) / probe_step;
      int any = 0;
#pragma omp simd reduction(| : any)
      for (int64_t c = run.begin; c < run.end; ++c)
        any |= !(static_cast<float>(row[c] - offset[c]) * step[c] < least);
      if (any == 0) continue;
      for (int64_t c = run.begin; c < run.end; ++c) {
        if (!(highest(c) < cuts[r])) passed.push_back(static_cast<int32_t>(c));
      }
    }
    found += std::ssize(passed);
    if (found > most) return false;
  }
  return true;
}

}  // namespace fr
