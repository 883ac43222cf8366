// c = alpha op(a) op(b) + beta c, row by row.
#include <vector>

#include "backend/checks.h"
#include "backend/ref/ref.h"
#include "core/parallel.h"

namespace fr {

void RefBackend::gemm(const Gemm& g, const float* a, const float* b, float* c) {
  check_gemm(g, a, b, c);
  std::vector<float> columns(static_cast<size_t>(g.k * g.n));  // op(b): (k, n)
  parallel_for(g.k, [&](int64_t k) {
    for (int64_t j = 0; j < g.n; ++j)
      columns[static_cast<size_t>(k * g.n + j)] = g.transpose_b ? b[j * g.ldb + k] : b[k * g.ldb + j];
  });
  parallel_for(g.m, [&](int64_t i) {
    std::vector<double> acc(static_cast<size_t>(g.n), 0.0);
    for (int64_t k = 0; k < g.k; ++k) {
      const double factor = g.transpose_a ? a[k * g.lda + i] : a[i * g.lda + k];
      const float* row = columns.data() + k * g.n;
#pragma omp simd
      for (int64_t j = 0; j < g.n; ++j) acc[static_cast<size_t>(j)] += factor * row[j];
    }
    for (int64_t j = 0; j < g.n; ++j) {
      float& out = c[i * g.ldc + j];
      const double product = g.alpha * acc[static_cast<size_t>(j)];
      out = static_cast<float>(g.beta == 0 ? product : product + double{g.beta} * out);
    }
  });
}

}  // namespace fr
