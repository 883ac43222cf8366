// Linear by gemm; a blocked x is brought into (c, h, w) order in scratch memory first.
#include "backend/checks.h"
#include "backend/onednn/onednn.h"
#include "core/error.h"
#include "core/parallel.h"

namespace fr {
namespace {

// Rows in (c, h, w) order already: planes of one value have no layout.
bool is_plain(const View& x) { return x.layout.block == 1 || x.shape.plane() == 1; }

}  // namespace

void OnednnBackend::linear_forward(const View& x, const float* w, const float* bias, const View& y) {
  check_linear("linear_forward", x, w, y);
  const int64_t n = x.shape.n, m = x.count() / n, k = y.shape.c;
  const float* rows = x.f32();  // (n, m)
  if (!is_plain(x)) {
    const View plain = flat_rows(x.shape);
    reorder(x, plain);
    rows = plain.f32();
  }
  gemm({false, true, n, k, m, 1, 0, m, m, k}, rows, w, y.f32());
  if (bias == nullptr) return;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < k; ++j) y.f32()[i * k + j] += bias[j];
}

void OnednnBackend::linear_backward(const View& x, const float* w, const View& dy, const View& dx, float* dw,
                                    float* dbias) {
  check_linear("linear_backward", x, w, dy);
  FR_CHECK(dw != nullptr, "linear_backward: the weight's gradient is not given");
  const int64_t n = x.shape.n, m = x.count() / n, k = dy.shape.c;
  const View plain = flat_rows(x.shape);
  if (!is_plain(x)) reorder(x, plain);
  gemm({true, false, k, m, n, 1, 1, k, m, m}, dy.f32(), is_plain(x) ? x.f32() : plain.f32(), dw);
  if (dbias != nullptr) {
    parallel_for(k, [&](int64_t j) {
      double sum = dbias[j];
      for (int64_t i = 0; i < n; ++i) sum += dy.f32()[i * k + j];
      dbias[j] = static_cast<float>(sum);
    });
  }
  if (is_empty(dx)) return;
  check_view("linear_backward", "dx", dx);
  FR_CHECK(dx.shape == x.shape, "linear_backward: shapes {} and {} differ", dx.shape.text(), x.shape.text());
  gemm({false, false, n, m, k, 1, 0, k, m, m}, dy.f32(), w, is_plain(dx) ? dx.f32() : plain.f32());
  if (!is_plain(dx)) reorder(plain, dx);
}

}  // namespace fr
