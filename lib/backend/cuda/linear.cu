// y = x w^T + bias on x flattened in (c, h, w) order; factors in the mode's dtype, results in f32.
#include "backend/checks.h"
#include "backend/cuda/combine.cuh"
#include "backend/cuda/cuda.h"
#include "core/error.h"
#include "core/launch.cuh"

namespace fr {
namespace {

struct Broadcast {
  const float* bias;  // (k)
  float* y;           // (n, k)
  int64_t k;
  FR_HD void operator()(int64_t i) const { y[i] = bias[i % k]; }
};

void check_f32(const char* operation, const View& v) {
  FR_CHECK(v.dtype == DType::kF32, "{}: y or its gradient is {}, f32 expected", operation, name_of(v.dtype));
}

}  // namespace

void CudaBackend::linear_forward(const View& x, const float* w, const float* bias, const View& y) {
  check_linear("linear_forward", x, w, y);
  check_f32("linear_forward", y);
  const cuda::Pool::Scope scope(pool_);
  const int64_t n = x.shape.n, m = x.count() / n, k = y.shape.c;
  const DType dtype = mode_.activations;
  const void* const rows = source(x, {}, dtype).data;  // (n, m)
  const void* const weights = factors(w, k * m);       // (k, m)
  if (bias != nullptr && biased_product_.run(n, m, k, dtype, rows, weights, bias, y.f32())) return;
  if (bias != nullptr) gpu::launch(y.count(), Broadcast{bias, y.f32(), k});
  blas_.run({.transpose_b = true,
             .m = n,
             .n = k,
             .k = m,
             .beta = bias != nullptr ? 1.0f : 0.0f,
             .lda = m,
             .ldb = m,
             .ldc = k},
            dtype, rows, weights, DType::kF32, y.f32());
}

void CudaBackend::linear_backward(const View& x, const float* w, const View& dy, const View& dx, float* dw,
                                  float* dbias) {
  check_linear("linear_backward", x, w, dy);
  check_f32("linear_backward", dy);
  FR_CHECK(dw != nullptr, "linear_backward: the weight's gradient is not given");
  if (!is_empty(dx)) {
    check_view("linear_backward", "dx", dx);
    FR_CHECK(dx.shape == x.shape, "linear_backward: shapes {} and {} differ", dx.shape.text(),
             x.shape.text());
  }
  const cuda::Pool::Scope scope(pool_);
  const int64_t n = x.shape.n, m = x.count() / n, k = dy.shape.c;
  const DType dtype = mode_.activations;
  const void* const rows = source(x, {}, dtype).data;       // (n, m)
  const void* const gradient = source(dy, {}, dtype).data;  // (n, k)
  blas_.run({.transpose_a = true, .m = k, .n = m, .k = n, .beta = 1, .lda = k, .ldb = m, .ldc = m}, dtype,
            gradient, rows, DType::kF32, dw);
  // dy (n, k) has the form of partial sums (chunks, 1, c).
  if (dbias != nullptr)
    gpu::launch_rows(k, n, cuda::ChunkSums<1>{dy.f32(), k}, cuda::AddSums<1>{}, cuda::AddTo{dbias});
  if (is_empty(dx)) return;
  const View result = space(dx, {}, DType::kF32);  // (n, m)
  blas_.run({.m = n, .n = m, .k = k, .lda = k, .ldb = m, .ldc = m}, dtype, gradient, factors(w, k * m),
            DType::kF32, result.data);
  deliver(result, dx);
}

}  // namespace fr
