#include "nn/dropout.h"

#include <cassert>

#include "core/bf16.h"
#include "core/launch.cuh"
#include "core/philox.h"

namespace fr {

namespace {

template <class T>
struct Drop {
  const T* x;  // (n, c, h, w) in channel blocks
  T* y;
  DropoutMask mask;
  int64_t block, plane;
  float rate;
  FR_HD void operator()(int64_t row, int64_t col) const {  // row: image and block of channels
    const int64_t element = (row * block + col % block) * plane + col / block;
    const int64_t at = row * block * plane + col;
    const bool kept = philox_uniform(mask.key, *mask.step, static_cast<uint64_t>(element)) >= rate;
    y[at] = T(kept ? static_cast<float>(x[at]) / (1 - rate) : 0.0f);
  }
};

template <class T>
void drop(const View& x, float rate, const DropoutMask& mask, const View& y) {
  const int64_t block = x.layout.block, plane = x.shape.plane();
  launch_2d(x.device, x.shape.n * x.shape.c / block, block * plane,
            Drop<T>{static_cast<const T*>(x.data), static_cast<T*>(y.data), mask, block, plane, rate});
}

}  // namespace

void dropout(const View& x, float rate, const DropoutMask& mask, const View& y) {
  assert(x.shape == y.shape && x.layout == y.layout && x.dtype == y.dtype);
  x.dtype == DType::kBf16 ? drop<Bf16>(x, rate, mask, y) : drop<float>(x, rate, mask, y);
}

void store_step(Device device, uint64_t* to, uint64_t step) { launch(device, 1, Fill<uint64_t>{to, step}); }

}  // namespace fr
