#include "backend/cuda/blas.h"

#include <limits>

#include "core/error.h"

namespace fr::cuda {

void check_cublas(cublasStatus_t status, const char* call) {
  FR_CHECK(status == CUBLAS_STATUS_SUCCESS, "{}: {}", call, cublasGetStatusString(status));
}

int int_of(int64_t extent) {
  FR_CHECK(extent >= 0 && extent <= std::numeric_limits<int>::max(), "extent {} is beyond 2^31", extent);
  return static_cast<int>(extent);
}

cudaDataType_t cublas_type(DType dtype) { return dtype == DType::kBf16 ? CUDA_R_16BF : CUDA_R_32F; }

cublasComputeType_t compute_type(const MathMode& mode, DType factors) {
  if (factors == DType::kBf16) return CUBLAS_COMPUTE_32F;
  return mode.tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F_PEDANTIC;
}

Blas::Blas(const MathMode& mode) : mode_(mode), workspace_(kWorkspace, Device::kCuda) {
  check_cublas(cublasCreate(&handle_), "cublasCreate");
  // Sums cut in parts are joined in f32 also where the result is bf16.
  check_cublas(cublasSetMathMode(handle_, CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION),
               "cublasSetMathMode");
  // The stream first: choosing one takes the workspace away again.
  check_cublas(cublasSetStream(handle_, stream()), "cublasSetStream");
  check_cublas(cublasSetWorkspace(handle_, workspace_.data(), kWorkspace), "cublasSetWorkspace");
}

Blas::~Blas() { cublasDestroy(handle_); }

// cuBLAS is column-major: what it takes for c^T = op(b)^T op(a)^T is c = op(a) op(b) in rows.
void Blas::run(const Backend::Gemm& g, DType factors, const void* a, const void* b, DType result, void* c,
               const Batch& batch) const {
  const auto operation = [](bool transpose) { return transpose ? CUBLAS_OP_T : CUBLAS_OP_N; };
  const cublasOperation_t left = operation(g.transpose_b), right = operation(g.transpose_a);
  const int n = int_of(g.n), m = int_of(g.m), k = int_of(g.k);
  const int lda = int_of(g.lda), ldb = int_of(g.ldb), ldc = int_of(g.ldc);
  const cudaDataType_t in = cublas_type(factors), out = cublas_type(result);
  const cublasComputeType_t compute = compute_type(mode_, factors);
  if (batch.count == 1) {
    check_cublas(cublasGemmEx(handle_, left, right, n, m, k, &g.alpha, b, in, ldb, a, in, lda, &g.beta, c,
                              out, ldc, compute, CUBLAS_GEMM_DEFAULT),
                 "cublasGemmEx");
    return;
  }
  check_cublas(cublasGemmStridedBatchedEx(handle_, left, right, n, m, k, &g.alpha, b, in, ldb, batch.b, a, in,
                                          lda, batch.a, &g.beta, c, out, ldc, batch.c, int_of(batch.count),
                                          compute, CUBLAS_GEMM_DEFAULT),
               "cublasGemmStridedBatchedEx");
}

}  // namespace fr::cuda
