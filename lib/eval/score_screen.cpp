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

float round_up(double value) {
  const auto nearest = static_cast<float>(value * (1 + 1e-12));
  return std::nextafter(nearest, std::numeric_limits<float>::infinity());
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

void CodedPanels::code(const float* panels, int64_t rows) {
  parallel_for((rows + width_ - 1) / width_, [&](int64_t panel) {
    const float* from = panels + panel * width_ * dim_;
    width_ == kProbePanel ? code_panel<kProbePanel>(from, panel) : code_panel<kGalleryPanel>(from, panel);
  });
}

template <int64_t kWidth>
void CodedPanels::code_panel(const float* from, int64_t panel) {
  constexpr int kMost = kWidth == kProbePanel ? kMostProbeCode - kProbeOffset : kMostGalleryCode;
  constexpr int kOffset = kWidth == kProbePanel ? kProbeOffset : 0;
  float largest[kWidth] = {}, step[kWidth], inverse[kWidth];
  for (int64_t k = 0; k < dim_; ++k) {
#pragma omp simd
    for (int64_t l = 0; l < kWidth; ++l) largest[l] = std::max(largest[l], std::fabs(from[k * kWidth + l]));
  }
  for (int64_t l = 0; l < kWidth; ++l) {
    step[l] = largest[l] / static_cast<float>(kMost);
    inverse[l] = step[l] >= std::numeric_limits<float>::min() ? 1 / step[l] : 0;
  }
  double error[kWidth] = {}, length[kWidth] = {}, coded[kWidth] = {};
  int32_t sum[kWidth] = {};
  int32_t quad[kWidth] = {};  // four codes of each lane, the first in the lowest byte
  auto* to = reinterpret_cast<int32_t*>(codes_.data()) + panel * kWidth * quads();
  for (int64_t k = 0; k < padded_dim_; ++k) {
    const auto shift = static_cast<int>(k % 4 * 8);
#pragma omp simd
    for (int64_t l = 0; l < kWidth; ++l) {
      const float value = k < dim_ ? from[k * kWidth + l] : 0.0f;
      // Rounded by cutting a positive number short.
      const int32_t code = static_cast<int32_t>(value * inverse[l] + (kMost + 0.5f)) - kMost;
      const double difference = static_cast<double>(value) - static_cast<double>(step[l]) * code;
      error[l] += difference * difference;
      length[l] += static_cast<double>(value) * static_cast<double>(value);
      coded[l] += static_cast<double>(code) * static_cast<double>(code);
      sum[l] += code;
      quad[l] |= ((code + kOffset) & 255) << shift;
    }
    if (k % 4 < 3) continue;
    std::copy_n(quad, kWidth, to + k / 4 * kWidth);
    std::fill_n(quad, kWidth, 0);
  }
  for (int64_t l = 0; l < kWidth; ++l) {
    const auto row = static_cast<size_t>(panel * kWidth + l);
    step_[row] = step[l];
    error_[row] = round_up(std::sqrt(error[l]));
    length_[row] =
        round_up(std::max(std::sqrt(length[l]), static_cast<double>(step[l]) * std::sqrt(coded[l])));
    offset_[row] = kProbeOffset * sum[l];
  }
}

bool screen_tile(const CodedPanels& probes, const CodedPanels& gallery, const ScreenTile& tile, int64_t dim,
                 const float* cuts, int32_t* products, int64_t most,
                 std::vector<std::vector<int32_t>>& candidates) {
  const int64_t stride = (tile.cols + kGalleryPanel - 1) / kGalleryPanel * kGalleryPanel;
  for (int64_t c = 0; c < tile.cols; c += kGalleryPanel) {
    for (int64_t r = 0; r < tile.rows; r += kProbePanel) {
      multiply_codes(probes.quads(), probes.panel(tile.probe + r), gallery.panel(tile.gallery + c),
                     products + r * stride + c, stride);
    }
  }
  const float* step = gallery.step() + tile.gallery;
  const float* error = gallery.error() + tile.gallery;
  const float* length = gallery.length() + tile.gallery;
  const int32_t* offset = gallery.offset() + tile.gallery;
  const float rounding = rounding_share(dim);  // pair_score's own, and that of the estimate below
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
    const auto highest = [&](int64_t c) {
      const float estimate = static_cast<float>(row[c] - offset[c]) * step[c] * probe_step;
      return estimate + (of_length * length[c] + of_error * error[c]);
    };
    constexpr int64_t run = 32;
    for (int64_t begin = 0; begin < tile.cols; begin += run) {
      const int64_t end = std::min(begin + run, tile.cols);
      int any = 0;
#pragma omp simd reduction(| : any)
      for (int64_t c = begin; c < end; ++c) any |= highest(c) >= cuts[r];
      if (any == 0) continue;
      for (int64_t c = begin; c < end; ++c) {
        if (highest(c) >= cuts[r]) passed.push_back(static_cast<int32_t>(c));
      }
    }
    found += std::ssize(passed);
    if (found > most) return false;
  }
  return true;
}

}  // namespace fr
