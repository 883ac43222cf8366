// bfloat16: the upper half of an f32.
#pragma once
#include <bit>
#include <cstdint>

#include "core/device.h"

namespace fr {

struct Bf16 {
  uint16_t bits = 0;

  Bf16() = default;
  // The nearest, ties to even; a NaN stays one.
  FR_HD explicit Bf16(float value) {
    const auto word = std::bit_cast<uint32_t>(value);
    const bool nan = (word & 0x7fffffffu) > 0x7f800000u;
    bits = static_cast<uint16_t>((nan ? word | 0x400000u : word + 0x7fffu + (word >> 16 & 1)) >> 16);
  }
  FR_HD explicit operator float() const { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }
};
static_assert(sizeof(Bf16) == 2);

}  // namespace fr
