#include "nn/dropout.h"

#include <cassert>

#include "core/parallel.h"

namespace fr {

void dropout(const View& x, float rate, const RandomStream& mask, const View& y) {
  assert(x.shape == y.shape && x.layout == y.layout);
  const float scale = 1 / (1 - rate);
  const int64_t block = x.layout.block, plane = x.shape.plane();
  parallel_for(x.shape.n * x.shape.c / block, [&](int64_t i) {  // i: image and block of channels
    const float* src = x.f32() + i * plane * block;
    float* dst = y.f32() + i * plane * block;
    for (int64_t p = 0; p < plane; ++p) {
      for (int64_t c = 0; c < block; ++c) {
        const int64_t element = (i * block + c) * plane + p;
        const bool kept = mask.uniform(static_cast<uint64_t>(element)) >= rate;
        dst[p * block + c] = kept ? src[p * block + c] * scale : 0.0f;
      }
    }
  });
}

}  // namespace fr
