// Golden networks ship no weights: every tensor comes from a hash of its name (golden README,
// network_*.json).
#pragma once
#include <cstdint>
#include <string>

#include "core/tensor.h"

namespace fr::test {

// u(s, i) of the seed's stream s: uniform in [-1, 1), exact.
class HashStream {
 public:
  HashStream(int64_t seed, const std::string& name) {
    hash_ = 2166136261u;  // FNV-1a
    for (const char c : std::to_string(seed) + ":" + name) {
      hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 16777619u;
    }
  }
  double operator()(int64_t i) const {
    uint32_t z = static_cast<uint32_t>(i) * 0x9E3779B9u + hash_;
    z ^= z >> 16;
    z *= 0x7FEB352Du;
    z ^= z >> 15;
    z *= 0x846CA68Bu;
    z ^= z >> 16;
    return static_cast<double>(z >> 8) * 0x1p-23 - 1;
  }

 private:
  uint32_t hash_;
};

// Images (n, 3, 112, 112): a coarse 14 x 14 pattern and fine noise.
inline Tensor golden_images(int64_t seed, int64_t n) {
  Tensor images({n, 3, 112, 112});
  const HashStream coarse(seed, "input.coarse"), fine(seed, "input.fine");
  for (int64_t plane = 0; plane < 3 * n; ++plane) {
    for (int64_t y = 0; y < 112; ++y) {
      for (int64_t x = 0; x < 112; ++x) {
        const int64_t i = (plane * 112 + y) * 112 + x;
        images.f32()[i] =
            static_cast<float>(0.75 * coarse((plane * 14 + y / 8) * 14 + x / 8) + 0.25 * fine(i));
      }
    }
  }
  return images;
}

}  // namespace fr::test
