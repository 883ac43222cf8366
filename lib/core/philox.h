// The generator behind core/random.h, for kernels: 128 random bits that are a function of three numbers.
#pragma once
#include <Random123/philox.h>

#include <cmath>
#include <cstdint>
#include <numbers>

#include "core/device.h"

namespace fr {

FR_HD inline r123::Philox4x32::ctr_type philox(uint64_t key, uint64_t index, uint64_t counter) {
  const r123::Philox4x32::ctr_type c{{static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32),
                                      static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32)}};
  const r123::Philox4x32::key_type k{{static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)}};
  return r123::Philox4x32{}(c, k);
}

// [0, 1), 24 bits: RandomStream::uniform.
FR_HD inline float philox_uniform(uint64_t key, uint64_t index, uint64_t counter) {
  return static_cast<float>(philox(key, index, counter)[0] >> 8) * 0x1p-24f;
}

// Mean 0, deviation 1, by Box-Muller: RandomStream::normal.
FR_HD inline float philox_normal(uint64_t key, uint64_t index, uint64_t counter) {
  const auto r = philox(key, index, counter);
  const double u = (static_cast<double>(r[0]) + 0.5) * 0x1p-32;  // in (0, 1): the logarithm is finite
  const double v = static_cast<double>(r[1]) * 0x1p-32;
  return static_cast<float>(std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v));
}

}  // namespace fr
