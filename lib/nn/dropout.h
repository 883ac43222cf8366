// Dropout with a mask that is a pure function of (stream, element): the same on any backend, layout and
// thread count.
#pragma once
#include "core/random.h"
#include "core/tensor.h"

namespace fr {

// y = x / (1 - rate) where the element is kept, 0 elsewhere; overwritten. x, y (n, c, h, w) in one layout;
// the element's NCHW index is its counter in `mask`. Backward is the same call on dy and dx.
void dropout(const View& x, float rate, const RandomStream& mask, const View& y);

}  // namespace fr
