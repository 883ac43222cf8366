// The three convolution calls: operands to NHWC of the mode's dtype, weights to KRSC of it.
#include "backend/cuda/convolution.h"

#include <fmt/core.h>

#include "backend/checks.h"
#include "backend/cuda/cuda.h"

namespace fr {

std::string cuda::describe(const char* operation, const ConvProblem& p) {
  return fmt::format("{} {} -> {} kernel {} stride {} pad {} groups {} {}", operation, p.x.text(), p.y.text(),
                     p.g.kernel, p.g.stride, p.g.pad, p.g.groups, fr::name_of(p.dtype));
}

const void* CudaBackend::krsc(const cuda::ConvProblem& p, const float* w) {
  if (const Bf16* const copy = working(w)) return copy;
  void* const weights = pool_.take(p.weights() * size_of(p.dtype));
  cuda::to_krsc(p, w, weights);
  return weights;
}

void CudaBackend::conv_forward(const ConvGeometry& g, const View& x, const float* w, const View& y) {
  check_convolution("conv_forward", g, x, w, y);
  const cuda::Pool::Scope scope(pool_);
  const cuda::ConvProblem problem{g, x.shape, y.shape, mode_.activations};
  const View in = channels_last_source(x, problem.dtype), out = channels_last(y, problem.dtype);
  convolution_->forward(problem, in.data, krsc(problem, w), out.data);
  deliver(out, y);
}

void CudaBackend::conv_backward_data(const ConvGeometry& g, const View& dy, const float* w, const View& dx) {
  check_convolution("conv_backward_data", g, dx, w, dy);
  const cuda::Pool::Scope scope(pool_);
  const cuda::ConvProblem problem{g, dx.shape, dy.shape, mode_.activations};
  const View gradient = channels_last_source(dy, problem.dtype), out = channels_last(dx, problem.dtype);
  convolution_->backward_data(problem, gradient.data, krsc(problem, w), out.data);
  deliver(out, dx);
}

void CudaBackend::conv_backward_weights(const ConvGeometry& g, const View& x, const View& dy, float* dw) {
  check_convolution("conv_backward_weights", g, x, dw, dy);
  const cuda::Pool::Scope scope(pool_);
  const cuda::ConvProblem problem{g, x.shape, dy.shape, mode_.activations};
  const View in = channels_last_source(x, problem.dtype), gradient = channels_last_source(dy, problem.dtype);
  convolution_->backward_weights(problem, in.data, gradient.data, dw);
}

}  // namespace fr
