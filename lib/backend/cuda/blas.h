// Row-major products on cuBLAS, in the math mode of the backend. The workspace is fixed, so that products
// repeat bit for bit and can be captured.
#pragma once
#include <cublas_v2.h>

#include "backend/backend.h"
#include "backend/cuda/math_mode.h"

namespace fr::cuda {

// fr::Error with the library's own words for a status other than success.
void check_cublas(cublasStatus_t status, const char* call);

// The int that cuBLAS and cuDNN take for an extent.
int int_of(int64_t extent);

cudaDataType_t cublas_type(DType dtype);  // f32 or bf16
// What products of factors of this dtype are made in.
cublasComputeType_t compute_type(const MathMode& mode, DType factors);

// The stream of core/launch_cuda.cuh, for files that nvcc does not see.
cudaStream_t stream();

// Several products at once: operand i lies i strides (in elements) from the first.
struct Batch {
  int64_t count = 1, a = 0, b = 0, c = 0;
};

class Blas {
 public:
  explicit Blas(const MathMode& mode);
  Blas(const Blas&) = delete;
  Blas& operator=(const Blas&) = delete;
  ~Blas();

  // Backend::gemm with a and b of one dtype and c of another.
  void run(const Backend::Gemm& g, DType factors, const void* a, const void* b, DType result, void* c,
           const Batch& batch = {}) const;

  std::byte* workspace() const { return workspace_.data(); }
  static constexpr int64_t kWorkspace = 32 << 20;  // bytes, what cuBLAS asks for on a Hopper

 private:
  MathMode mode_;
  Memory workspace_;
  cublasHandle_t handle_ = nullptr;
};

}  // namespace fr::cuda
