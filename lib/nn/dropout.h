// Dropout with a mask that is a pure function of (key, step, element): the same on any backend, device,
// layout and thread count.
#pragma once
#include <cstdint>

#include "core/tensor.h"

namespace fr {

struct DropoutMask {
  uint64_t key = 0;                // of a RandomStream
  const uint64_t* step = nullptr;  // on the views' device: a captured step reads it anew
};

// y = x / (1 - rate) where the element is kept, 0 elsewhere; overwritten. x, y (n, c, h, w) f32 or bf16 in
// one layout; the element's NCHW index is its counter. Backward is the same call on dy and dx.
void dropout(const View& x, float rate, const DropoutMask& mask, const View& y);

void store_step(Device device, uint64_t* to, uint64_t step);

}  // namespace fr
