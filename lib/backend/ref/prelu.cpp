// y = x where x > 0, slope[c] * x elsewhere; at x = 0 the gradient takes the slope's branch, as torch does.
#include "backend/checks.h"
#include "backend/ref/ref.h"
#include "core/error.h"
#include "core/parallel.h"

namespace fr {

void RefBackend::prelu_forward(const View& x, const float* slope, const View& y) {
  check_view("prelu_forward", "x", x);
  check_alike("prelu_forward", {y, x});
  FR_CHECK(slope != nullptr, "prelu_forward: the slope is not given");
  parallel_for(x.shape.n * x.shape.c, [&](int64_t row) {
    const int64_t n = row / x.shape.c, c = row % x.shape.c;
    for (int64_t p = 0; p < x.shape.plane(); ++p) {
      const int64_t i = offset_of(x, n, c, p);
      y.f32()[i] = x.f32()[i] > 0 ? x.f32()[i] : slope[c] * x.f32()[i];
    }
  });
}

void RefBackend::prelu_backward(const View& x, const float* slope, const View& dy, const View& dx,
                                float* dslope) {
  check_view("prelu_backward", "x", x);
  check_view("prelu_backward", "dx", dx);
  check_alike("prelu_backward", {dy, x, dx});
  FR_CHECK(slope != nullptr && dslope != nullptr, "prelu_backward: the slope or its gradient is not given");
  parallel_for(x.shape.c, [&](int64_t c) {
    double sum = 0;
    for (int64_t n = 0; n < x.shape.n; ++n) {
      for (int64_t p = 0; p < x.shape.plane(); ++p) {
        const int64_t i = offset_of(x, n, c, p);
        const bool positive = x.f32()[i] > 0;
        dx.f32()[i] = positive ? dy.f32()[i] : slope[c] * dy.f32()[i];
        if (!positive) sum += double{dy.f32()[i]} * x.f32()[i];
      }
    }
    dslope[c] = static_cast<float>(dslope[c] + sum);
  });
}

}  // namespace fr
