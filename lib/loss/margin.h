// A margin moves the target's cosine: cos(theta) -> value. This is all that one softmax loss adds to another.
#pragma once
#include <cmath>
#include <cstdint>
#include <functional>

#include "core/device.h"

namespace fr {

// The target's logit (before the scale s) and its derivative with respect to the target's cosine.
struct MarginValue {
  double value = 0, derivative = 1;
};

// Applies one margin to the targets of a batch: cosines (n) -> values (n), on that device.
using TargetMargin =
    std::function<void(Device device, int64_t n, const double* cosines, MarginValue* values)>;

}  // namespace fr
