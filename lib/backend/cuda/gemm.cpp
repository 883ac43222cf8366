#include "backend/checks.h"
#include "backend/cuda/cuda.h"

namespace fr {

void CudaBackend::gemm(const Gemm& g, const float* a, const float* b, float* c) {
  check_gemm(g, a, b, c);
  blas_.run(g, DType::kF32, a, b, DType::kF32, c);
}

void CudaBackend::gemm_bf16(const Gemm& g, const Bf16* a, const Bf16* b, float* c) {
  if (mode_.activations != DType::kBf16) return Backend::gemm_bf16(g, a, b, c);
  check_gemm(g, a, b, c);
  blas_.run(g, DType::kBf16, a, b, DType::kF32, c);
}

}  // namespace fr
