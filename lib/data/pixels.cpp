#include "data/pixels.h"

#include <fmt/core.h>

#include <cassert>
#include <cmath>

namespace fr {

std::string PixelNormalisation::text() const {
  const bool grey = mean[0] == mean[1] && mean[1] == mean[2] && scale[0] == scale[1] && scale[1] == scale[2];
  const auto divisor = [](float s) {  // 1/127.5f and the like print as the divisor they were made from
    return fmt::format("{:.6g}", 1.0 / static_cast<double>(s));
  };
  if (grey) return fmt::format("(v - {}) / {} RGB", mean[0], divisor(scale[0]));
  return fmt::format("(v - ({}, {}, {})) / ({}, {}, {}) RGB", mean[0], mean[1], mean[2], divisor(scale[0]),
                     divisor(scale[1]), divisor(scale[2]));
}

void to_network_input(std::span<const uint8_t> rgb, bool mirror, const PixelNormalisation& normalisation,
                      float* chw) {
  assert(static_cast<int64_t>(rgb.size()) == kCropBytes);
  constexpr int64_t kPlane = kCropSize * kCropSize;
  for (int64_t y = 0; y < kCropSize; ++y) {
    for (int64_t c = 0; c < 3; ++c) {
      const uint8_t* row = rgb.data() + y * kCropSize * 3 + c;
      float* out = chw + c * kPlane + y * kCropSize;
      const float mean = normalisation.mean[c], scale = normalisation.scale[c];
      for (int64_t x = 0; x < kCropSize; ++x) {
        const int64_t from = mirror ? kCropSize - 1 - x : x;
        out[x] = (static_cast<float>(row[from * 3]) - mean) * scale;
      }
    }
  }
}

}  // namespace fr
