#include "backend/cuda/biased_product.h"

#include <memory>

#include "backend/cuda/blas.h"

namespace fr::cuda {
namespace {

// The largest power of two up to 256 that divides the address: what cublasLt must know to choose an
// algorithm.
uint32_t alignment_of(const void* pointer) {
  const auto address = reinterpret_cast<uintptr_t>(pointer) | 256;
  return static_cast<uint32_t>(address & (~address + 1));
}

// cublasLt has no wish for the alignment of a bias, and what it needs is not written anywhere.
constexpr uint32_t kBiasAlignment = 16;

struct Destroy {
  void operator()(cublasLtMatmulDesc_t d) const { cublasLtMatmulDescDestroy(d); }
  void operator()(cublasLtMatrixLayout_t l) const { cublasLtMatrixLayoutDestroy(l); }
  void operator()(cublasLtMatmulPreference_t p) const { cublasLtMatmulPreferenceDestroy(p); }
};
template <class Handle>
using Owned = std::unique_ptr<std::remove_pointer_t<Handle>, Destroy>;

template <class T>
void set(const Owned<cublasLtMatmulDesc_t>& d, cublasLtMatmulDescAttributes_t attribute, const T& value) {
  check_cublas(cublasLtMatmulDescSetAttribute(d.get(), attribute, &value, sizeof value),
               "cublasLtMatmulDescSetAttribute");
}

template <class T>
void set(const Owned<cublasLtMatmulPreference_t>& p, cublasLtMatmulPreferenceAttributes_t attribute,
         const T& value) {
  check_cublas(cublasLtMatmulPreferenceSetAttribute(p.get(), attribute, &value, sizeof value),
               "cublasLtMatmulPreferenceSetAttribute");
}

// Column-major (rows, columns), nothing between the columns.
Owned<cublasLtMatrixLayout_t> layout(cudaDataType_t type, int64_t rows, int64_t columns) {
  cublasLtMatrixLayout_t made = nullptr;
  check_cublas(cublasLtMatrixLayoutCreate(&made, type, static_cast<uint64_t>(rows),
                                          static_cast<uint64_t>(columns), rows),
               "cublasLtMatrixLayoutCreate");
  return Owned<cublasLtMatrixLayout_t>(made);
}

}  // namespace

BiasedProduct::BiasedProduct(const MathMode& mode, std::byte* workspace)
    : mode_(mode), workspace_(workspace) {
  check_cublas(cublasLtCreate(&handle_), "cublasLtCreate");
}

BiasedProduct::~BiasedProduct() { cublasLtDestroy(handle_); }

// Column-major: y^T (k, n) = w^T' x^T, where w in rows is (m, k) in columns and x is (m, n).
bool BiasedProduct::run(int64_t n, int64_t m, int64_t k, DType factors, const void* x, const void* w,
                        const float* bias, float* y) {
  if (alignment_of(bias) < kBiasAlignment) return false;
  cublasLtMatmulDesc_t made = nullptr;
  check_cublas(cublasLtMatmulDescCreate(&made, compute_type(mode_, factors), CUDA_R_32F),
               "cublasLtMatmulDescCreate");
  const Owned<cublasLtMatmulDesc_t> product(made);
  set(product, CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T);
  set(product, CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
  set(product, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
  const auto a = layout(cublas_type(factors), m, k), b = layout(cublas_type(factors), m, n);
  const auto d = layout(CUDA_R_32F, k, n);

  const Key key{n, m, k, static_cast<int64_t>(factors), alignment_of(x), alignment_of(w), alignment_of(y)};
  auto found = found_.find(key);
  if (found == found_.end()) {
    cublasLtMatmulPreference_t fresh = nullptr;
    check_cublas(cublasLtMatmulPreferenceCreate(&fresh), "cublasLtMatmulPreferenceCreate");
    const Owned<cublasLtMatmulPreference_t> preference(fresh);
    set(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, static_cast<uint64_t>(Blas::kWorkspace));
    set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignment_of(w));
    set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignment_of(x));
    set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignment_of(y));
    set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignment_of(y));
    cublasLtMatmulHeuristicResult_t result{};
    int count = 0;
    const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
        handle_, product.get(), a.get(), b.get(), d.get(), d.get(), preference.get(), 1, &result, &count);
    if (status != CUBLAS_STATUS_SUCCESS || count == 0) result.state = CUBLAS_STATUS_NOT_SUPPORTED;
    found = found_.emplace(key, result).first;
  }
  const cublasLtMatmulHeuristicResult_t& choice = found->second;
  if (choice.state != CUBLAS_STATUS_SUCCESS) return false;
  const float one = 1, zero = 0;
  check_cublas(cublasLtMatmul(handle_, product.get(), &one, w, a.get(), x, b.get(), &zero, y, d.get(), y,
                              d.get(), &choice.algo, workspace_, choice.workspaceSize, stream()),
               "cublasLtMatmul");
  return true;
}

}  // namespace fr::cuda
