#include "eval/score_screen.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/parallel.h"
#include "eval/score_kernel.h"

namespace fr {

namespace {

constexpr int kProbeCode = 63, kGalleryCode = 127, kProbeOffset = 64;

float round_up(double value) {
  const auto nearest = static_cast<float>(value * (1 + 1e-12));
  return std::nextafter(nearest, std::numeric_limits<float>::infinity());
}

}  // namespace

CodedPanels::CodedPanels(int64_t rows, int64_t dim, int64_t width)
    : dim_(dim), padded_dim_((dim + 3) / 4 * 4), width_(width) {
  const auto lanes = static_cast<size_t>((rows + width - 1) / width * width);
  codes_ = Memory(static_cast<int64_t>(lanes) * padded_dim_);
  step_.resize(lanes);
  error_.resize(lanes);
  length_.resize(lanes);
  offset_.resize(lanes);
}

void CodedPanels::code(const float* panels, int64_t rows) {
  parallel_for((rows + width_ - 1) / width_, [&](int64_t panel) {
    for (int64_t lane = 0; lane < width_; ++lane) {
      code_lane(panels + panel * width_ * dim_, lane, panel * width_ + lane);
    }
  });
}

void CodedPanels::code_lane(const float* panel, int64_t lane, int64_t row) {
  const bool probe = width_ == kProbePanel;
  float largest = 0;
  for (int64_t k = 0; k < dim_; ++k) largest = std::max(largest, std::fabs(panel[k * width_ + lane]));
  const int most = probe ? kProbeCode : kGalleryCode;
  const float step = largest / static_cast<float>(most);
  const float inverse = step >= std::numeric_limits<float>::min() ? 1 / step : 0;
  double error = 0, length = 0, coded = 0;
  int32_t sum = 0;
  std::byte* to = codes_.data() + (row - lane) * padded_dim_ + lane * 4;
  for (int64_t k = 0; k < padded_dim_; ++k) {
    const float value = k < dim_ ? panel[k * width_ + lane] : 0.0f;
    const int code = std::clamp(static_cast<int>(std::nearbyint(value * inverse)), -most, most);
    const double stands_for = static_cast<double>(step) * code;
    error += (value - stands_for) * (value - stands_for);
    length += static_cast<double>(value) * value;
    coded += stands_for * stands_for;
    sum += code;
    to[k / 4 * width_ * 4 + k % 4] = static_cast<std::byte>(probe ? code + kProbeOffset : code);
  }
  const auto at = static_cast<size_t>(row);
  step_[at] = step;
  error_[at] = round_up(std::sqrt(error));
  length_[at] = round_up(std::sqrt(std::max(length, coded)));
  offset_[at] = kProbeOffset * sum;
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
  // pair_score's own rounding, and that of the estimate below: both less than this share of |a| |b|.
  const float rounding = 2 * static_cast<float>(dim + 16) * std::numeric_limits<float>::epsilon();
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
