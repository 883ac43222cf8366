// The oracle: every operation as the plain loop that defines it, accumulated in double, always built.
// Operations are split over files of the same names as in the other backends.
#pragma once
#include <vector>

#include "backend/backend.h"

namespace fr {

class RefBackend final : public Backend {
 public:
  const std::string& name() const override { return name_; }

  std::pair<Layout, Layout> preferred(const ConvGeometry&, Shape, Shape) const override { return {}; }
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

 private:
  const std::string name_ = "ref";
};

}  // namespace fr
