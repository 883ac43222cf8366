// One GPU: cuDNN or im2col for convolution, cuBLAS for products, our own kernels for the rest. Activations
// lie NHWC; operands in another layout or dtype are reordered into scratch memory around the operation.
//
// Everything goes to one stream, and a repeated call neither allocates nor waits: a step can be captured as a
// CUDA graph from its second time on.
#pragma once
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/cuda/biased_product.h"
#include "backend/cuda/blas.h"
#include "backend/cuda/convolution.h"
#include "backend/cuda/math_mode.h"
#include "backend/cuda/pool.h"

namespace fr {

class CudaFrozenConv;
namespace cuda {
struct Affine;
}

class CudaBackend final : public Backend {
 public:
  CudaBackend(const cuda::MathMode& mode, cuda::Convolutions convolutions);
  const std::string& name() const override { return name_; }
  Device device() const override { return Device::kCuda; }
  DType activations() const override { return mode_.activations; }

  std::pair<Layout, Layout> preferred(const ConvGeometry&, Shape x, Shape y) const override {
    return {Layout{x.c}, Layout{y.c}};
  }
  void reorder(const View& src, const View& dst) override;

  void conv_forward(const ConvGeometry& g, const View& x, const float* w, const View& y) override;
  void conv_backward_data(const ConvGeometry& g, const View& dy, const float* w, const View& dx) override;
  void conv_backward_weights(const ConvGeometry& g, const View& x, const View& dy, float* dw) override;

  std::unique_ptr<FrozenConv> freeze(const ConvGeometry& g, Shape w_shape, const float* w,
                                     const ConvEpilogue& epilogue) override;

  void batch_norm_train(const BatchNorm& bn, const View& x, const View& residual, const View& y, float* mean,
                        float* variance) override;
  void batch_norm_eval(const BatchNorm& bn, const View& x, const View& residual, const View& y,
                       const float* mean, const float* variance) override;
  void batch_norm_backward(const BatchNorm& bn, const View& x, const View& dy, const float* mean,
                           const float* variance, const View& dx,
                           const BatchNormGradients& gradients) override;

  void prelu_forward(const View& x, const float* slope, const View& y) override;
  void prelu_backward(const View& x, const float* slope, const View& dy, const View& dx,
                      float* dslope) override;

  void add(const View& a, const View& b, const View& y) override;
  void accumulate(const View& x, const View& y) override;

  void linear_forward(const View& x, const float* w, const float* bias, const View& y) override;
  void linear_backward(const View& x, const float* w, const View& dy, const View& dx, float* dw,
                       float* dbias) override;
  void gemm(const Gemm& g, const float* a, const float* b, float* c) override;
  void gemm_bf16(const Gemm& g, const Bf16* a, const Bf16* b, float* c) override;

  void follow(const WorkingCopy* copy) override { working_ = copy; }
  std::vector<std::string> implementations() const override;
  void recall(const std::vector<std::string>& lines) override { recalled_ = {lines.begin(), lines.end()}; }

 private:
  friend class CudaFrozenConv;

  // An operand as an operation wants it: `view` itself, or scratch memory of another layout or dtype.
  View space(const View& view, Layout layout, DType dtype);   // uninitialised where it is scratch
  View source(const View& view, Layout layout, DType dtype);  // holds what view does
  View channels_last(const View& view, DType dtype) { return space(view, {view.shape.c}, dtype); }
  View channels_last_source(const View& view, DType dtype) { return source(view, {view.shape.c}, dtype); }
  // What is in `space` goes to the view it stands for; nothing where it is that view.
  void deliver(const View& space, const View& view);
  // The dtype an element-wise operation on these runs in: bf16 where all are.
  static DType common_dtype(std::initializer_list<View> views);
  // PReLU((x - mean) scale + beta) + residual in one pass; x, residual (or empty) and y of one shape.
  void normalise(const cuda::Affine& affine, const View& x, const View& residual, const View& y);
  // w in plain f32 as what the products multiply: itself, its working copy, or one in scratch.
  const void* factors(const float* w, int64_t count);
  // The same of a convolution's, in KRSC.
  const void* krsc(const cuda::ConvProblem& p, const float* w);
  const Bf16* working(const float* w) const;  // null where no copy of it is kept

  const cuda::MathMode mode_;
  const std::string name_;
  cuda::Pool pool_;
  cuda::Blas blas_;
  cuda::BiasedProduct biased_product_;
  std::set<std::string> implementations_, recalled_;
  const std::unique_ptr<cuda::Convolution> convolution_;
  const WorkingCopy* working_ = nullptr;
};

}  // namespace fr
