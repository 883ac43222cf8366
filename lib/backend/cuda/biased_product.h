// y = x w^T + bias in one call of cublasLt.
#pragma once
#include <cublasLt.h>

#include <array>
#include <cstddef>
#include <map>

#include "backend/cuda/math_mode.h"

namespace fr::cuda {

class BiasedProduct {
 public:
  // workspace: Blas::kWorkspace bytes on the GPU, which outlive this.
  BiasedProduct(const MathMode& mode, std::byte* workspace);
  BiasedProduct(const BiasedProduct&) = delete;
  BiasedProduct& operator=(const BiasedProduct&) = delete;
  ~BiasedProduct();

  // y (n, k) f32 overwritten; x (n, m) and w (k, m) of one dtype, bias (k). False where cublasLt offers
  // nothing for these, or the bias does not lie on 16 bytes; then y is as it was.
  bool run(int64_t n, int64_t m, int64_t k, DType factors, const void* x, const void* w, const float* bias,
           float* y);

 private:
  using Key = std::array<int64_t, 7>;  // extents, dtype, alignments

  MathMode mode_;
  std::byte* workspace_;
  cublasLtHandle_t handle_ = nullptr;
  std::map<Key, cublasLtMatmulHeuristicResult_t> found_;  // the algorithm of each kind of call
};

}  // namespace fr::cuda
