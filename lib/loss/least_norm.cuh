// The norm below which a vector is divided by 1e-12 and not by its length (spec 1.1).
#pragma once
#include <cmath>
#include <cstdint>

#include "core/device.h"

namespace fr::head {

constexpr double kLeastNorm = 1e-12;

// Of an inverse norm: from here on v/max(|v|, 1e-12) is linear in v, and nothing is to be projected out.
constexpr float kNoProjection = 0.999f / static_cast<float>(kLeastNorm);

// What launch_rows makes of a row's sum of squares.
struct StoreInverseNorm {
  float* inverse;  // (rows)
  FR_HD void operator()(int64_t row, double square) const {
    const double norm = std::sqrt(square);
    inverse[row] = static_cast<float>(1.0 / (norm < kLeastNorm ? kLeastNorm : norm));
  }
};

}  // namespace fr::head
