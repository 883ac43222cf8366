// A convolution whose weights are turned once, and then one pass for bias, PReLU and residual.
#include "backend/checks.h"
#include "backend/cuda/channels.cuh"
#include "backend/cuda/cuda.h"
#include "core/device_memory.h"

namespace fr {
namespace {

// A copy on the GPU of host memory (count).
Tensor uploaded(const float* values, int64_t count) {
  Tensor result({.n = count}, {}, DType::kF32, Device::kCuda);
  copy(view_of(values, {.n = count}), result);
  return result;
}

}  // namespace

class CudaFrozenConv final : public FrozenConv {
 public:
  CudaFrozenConv(CudaBackend& backend, const ConvGeometry& g, Shape w_shape, const float* w,
                 const ConvEpilogue& epilogue)
      : backend_(backend),
        g_(g),
        w_({.n = w_shape.count()}, {}, backend.mode_.activations, Device::kCuda),
        bias_(uploaded(epilogue.bias, w_shape.n)) {
    if (epilogue.slope != nullptr) slope_ = uploaded(epilogue.slope, w_shape.n);
    const Tensor plain = uploaded(w, w_shape.count());
    const cuda::ConvProblem problem{
        g, {1, w_shape.c * g.groups, 1, 1}, {1, w_shape.n, 1, 1}, backend.mode_.activations};
    cuda::to_krsc(problem, plain.f32(), w_.view().data);
    synchronize(Device::kCuda);  // `plain` goes
  }

  void run(const View& x, const View& residual, const View& y) override {
    check_convolution("frozen convolution", g_, x, w_.view().data, y);
    check_alike("frozen convolution", {y, residual});
    const cuda::Pool::Scope scope(backend_.pool_);
    const cuda::ConvProblem problem{g_, x.shape, y.shape, backend_.mode_.activations};
    const View in = backend_.channels_last_source(x, problem.dtype);
    const View out = backend_.channels_last(y, problem.dtype);
    backend_.convolution_->forward(problem, in.data, w_.view().data, out.data);
    backend_.normalise({.beta = bias_.f32(), .slope = slope_.f32()}, out, residual, y);  // in place
  }

 private:
  CudaBackend& backend_;
  ConvGeometry g_;
  Tensor w_;             // (k, kernel, kernel, c/groups) in the mode's dtype
  Tensor bias_, slope_;  // (k) in f32; slope_ empty: none
};

std::unique_ptr<FrozenConv> CudaBackend::freeze(const ConvGeometry& g, Shape w_shape, const float* w,
                                                const ConvEpilogue& epilogue) {
  return std::make_unique<CudaFrozenConv>(*this, g, w_shape, w, epilogue);
}

}  // namespace fr
