#include "backend/cuda/cuda.h"

#include "core/device_memory.h"
#include "core/error.h"
#include "core/working_copy.h"

namespace fr {
namespace {

const Registration<BackendKind> kBf16(cuda::kBf16Mode.name,
                                      [] { return cuda::make_backend(cuda::kBf16Mode); });
const Registration<BackendKind> kF32(cuda::kF32Mode.name, [] { return cuda::make_backend(cuda::kF32Mode); });
const Registration<BackendKind> kTf32(cuda::kTf32Mode.name,
                                      [] { return cuda::make_backend(cuda::kTf32Mode); });

}  // namespace

std::unique_ptr<Backend> cuda::make_backend(const MathMode& mode, Convolutions convolutions) {
  return std::make_unique<CudaBackend>(mode, convolutions);
}

CudaBackend::CudaBackend(const cuda::MathMode& mode, cuda::Convolutions convolutions)
    : mode_(mode),
      name_(mode.name),
      pool_(Device::kCuda),
      blas_(mode_),
      biased_product_(mode_, blas_.workspace()),
      convolution_(convolutions == cuda::Convolutions::kIm2col
                       ? cuda::make_im2col({mode_, blas_, pool_, implementations_, recalled_})
                       : cuda::make_best_convolution({mode_, blas_, pool_, implementations_, recalled_})) {}

View CudaBackend::space(const View& view, Layout layout, DType dtype) {
  FR_CHECK(view.device == Device::kCuda, "backend {}: an operand {} lies in host memory", name_,
           view.shape.text());
  // In a plane of one element all layouts are the same.
  if (view.dtype == dtype && (view.layout == layout || view.shape.plane() == 1)) return view;
  return {pool_.take(view.count() * size_of(dtype)), view.shape, layout, dtype, Device::kCuda};
}

View CudaBackend::source(const View& view, Layout layout, DType dtype) {
  const View result = space(view, layout, dtype);
  if (result.data != view.data) reorder(view, result);
  return result;
}

void CudaBackend::deliver(const View& space, const View& view) {
  if (space.data != view.data) reorder(space, view);
}

DType CudaBackend::common_dtype(std::initializer_list<View> views) {
  for (const View& v : views)
    if (v.data != nullptr && v.dtype != DType::kBf16) return DType::kF32;
  return DType::kBf16;
}

const Bf16* CudaBackend::working(const float* w) const {
  return working_ != nullptr && mode_.activations == DType::kBf16 ? working_->of(w) : nullptr;
}

const void* CudaBackend::factors(const float* w, int64_t count) {
  if (const Bf16* const copy = working(w)) return copy;
  return source(view_of(w, {.n = count}, Device::kCuda), {}, mode_.activations).data;
}

std::vector<std::string> CudaBackend::implementations() const {
  return {implementations_.begin(), implementations_.end()};
}

}  // namespace fr
