// exp for f32 as a polynomial: at most 2 ulp, no branch, no table, no fused step, so it vectorises and gives
// the same bits on CPU and GPU. libm's costs about fifteen times as much in a softmax.
#pragma once
#include <bit>
#include <cstdint>
#include <limits>

#include "core/device.h"

namespace fr {

// e^x for every float. Results below 2^-126 (x < -87.33654) are 0, so e^-inf = 0; above the largest float
// (x > 88.72283) +inf; NaN stays NaN.
inline FR_HD float exp_f32(float x) {
  constexpr float kLeast = -87.3365402f, kMost = 88.7228317f;
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it leaves round(x / ln 2) in the low bits
  constexpr float kLog2e = 1.44269504f;
  constexpr float kLn2High = 0.693359375f;  // ten bits: n * kLn2High is exact
  constexpr float kLn2Low = -2.12194440e-4f;
  const float shifted = x * kLog2e + kRound;
  const float n = shifted - kRound;
  const float r = (x - n * kLn2High) - n * kLn2Low;  // |r| <= ln(2)/2
  // (e^r - 1 - r) / r^2, interpolated at the Chebyshev nodes; 8e-10 relative before rounding.
  float p = 1.98910304e-4f;
  p = p * r + 1.39336858e-3f;
  p = p * r + 8.33331048e-3f;
  p = p * r + 4.16664630e-2f;
  p = p * r + 1.66666672e-1f;
  p = p * r + 0.5f;
  const float mantissa = (p * r) * r + r + 1.0f;
  // Times 2^n, by adding n to the exponent: the low bits of `shifted` are n, the rest leaves on the left.
  const uint32_t bits = std::bit_cast<uint32_t>(mantissa) + (std::bit_cast<uint32_t>(shifted) << 23);
  const float result = std::bit_cast<float>(bits);
  const float high = x > kMost ? std::numeric_limits<float>::infinity() : result;
  const float low = x < kLeast ? 0.0f : high;
  return x != x ? x : low;
}

}  // namespace fr
