// y = x w^T + bias on x flattened in (c, h, w) order.
#include <vector>

#include "backend/checks.h"
#include "backend/ref/ref.h"
#include "core/error.h"
#include "core/parallel.h"

namespace fr {

void RefBackend::linear_forward(const View& x, const float* w, const float* bias, const View& y) {
  check_linear("linear_forward", x, w, y);
  const int64_t m = x.count() / x.shape.n, k = y.shape.c;
  Tensor rows(x.shape);  // (n, m)
  reorder(x, rows);
  parallel_for(k, [&](int64_t j) {
    for (int64_t n = 0; n < x.shape.n; ++n) {
      double sum = bias != nullptr ? bias[j] : 0;
      for (int64_t i = 0; i < m; ++i) sum += double{rows.f32()[n * m + i]} * w[j * m + i];
      y.f32()[offset_of(y, n, j, 0)] = static_cast<float>(sum);
    }
  });
}

void RefBackend::linear_backward(const View& x, const float* w, const View& dy, const View& dx, float* dw,
                                 float* dbias) {
  check_linear("linear_backward", x, w, dy);
  FR_CHECK(dw != nullptr, "linear_backward: the weight's gradient is not given");
  const int64_t rows = x.shape.n, m = x.count() / rows, k = dy.shape.c;
  Tensor flat(x.shape);       // (n, m)
  Tensor gradient(dy.shape);  // (n, k)
  reorder(x, flat);
  reorder(dy, gradient);
  parallel_for(k, [&](int64_t j) {
    std::vector<double> acc(static_cast<size_t>(m), 0.0);
    double sum = 0;
    for (int64_t n = 0; n < rows; ++n) {
      const double d = gradient.f32()[n * k + j];
      sum += d;
      for (int64_t i = 0; i < m; ++i) acc[static_cast<size_t>(i)] += d * flat.f32()[n * m + i];
    }
    for (int64_t i = 0; i < m; ++i)
      dw[j * m + i] = static_cast<float>(dw[j * m + i] + acc[static_cast<size_t>(i)]);
    if (dbias != nullptr) dbias[j] = static_cast<float>(dbias[j] + sum);
  });
  if (is_empty(dx)) return;
  check_view("linear_backward", "dx", dx);
  FR_CHECK(dx.shape == x.shape, "linear_backward: shapes {} and {} differ", dx.shape.text(), x.shape.text());
  Tensor result(x.shape);  // (n, m)
  parallel_for(rows, [&](int64_t n) {
    std::vector<double> acc(static_cast<size_t>(m), 0.0);
    for (int64_t j = 0; j < k; ++j)
      for (int64_t i = 0; i < m; ++i)
        acc[static_cast<size_t>(i)] += double{gradient.f32()[n * k + j]} * w[j * m + i];
    for (int64_t i = 0; i < m; ++i) result.f32()[n * m + i] = static_cast<float>(acc[static_cast<size_t>(i)]);
  });
  reorder(result, dx);
}

}  // namespace fr
