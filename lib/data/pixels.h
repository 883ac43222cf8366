// Pixel normalisation and mirroring: u8 (112, 112, 3) RGB -> f32 (3, 112, 112). The only place that does it.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "data/dataset.h"

namespace fr {

// value = (v - mean[channel]) * scale[channel]; spec/03 3.1: (v - 127.5)/127.5; MXNet models: (v -
// 127.5)/128.
struct PixelNormalisation {
  float mean[3] = {127.5f, 127.5f, 127.5f};
  float scale[3] = {1 / 127.5f, 1 / 127.5f, 1 / 127.5f};
  std::string text() const;  // for results: "(v - 127.5) / 127.5 RGB"
};

// mirror: flipped along the width.
void to_network_input(std::span<const uint8_t> rgb /*(112,112,3)*/, bool mirror,
                      const PixelNormalisation& normalisation, float* chw /*(3,112,112)*/);

}  // namespace fr
