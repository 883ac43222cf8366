#include "backend/checks.h"
#include "backend/onednn/onednn.h"
#include "core/error.h"

namespace fr {

void OnednnBackend::gemm(const Gemm& g, const float* a, const float* b, float* c) {
  check_gemm(g, a, b, c);
  const dnnl::status status = dnnl::sgemm(g.transpose_a ? 'T' : 'N', g.transpose_b ? 'T' : 'N', g.m, g.n, g.k,
                                          g.alpha, a, g.lda, b, g.ldb, g.beta, c, g.ldc);
  FR_CHECK(status == dnnl::status::success, "gemm: oneDNN status {}", static_cast<int>(status));
}

}  // namespace fr
