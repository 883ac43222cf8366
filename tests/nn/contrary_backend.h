// The ref backend made awkward: its convolutions like another layout on each side, and whatever it is to
// overwrite is filled with not-a-number first, so that a planner which lets memory overlap is found out.
#pragma once
#include <algorithm>
#include <limits>
#include <memory>

#include "backend/backend.h"

namespace fr::test {

class ContraryBackend final : public Backend {
 public:
  const std::string& name() const override { return name_; }
  std::pair<Layout, Layout> preferred(const ConvGeometry&, Shape x, Shape y) const override {
    return {{x.c % 2 == 0 ? 2 : 1}, {y.c % 4 == 0 ? 4 : y.c}};
  }
  void reorder(const View& src, const View& dst) override { ref_->reorder(src, spoiled(dst)); }

  void conv_forward(const ConvGeometry& g, const View& x, const float* w, const View& y) override {
    ref_->conv_forward(g, x, w, spoiled(y));
  }
  void conv_backward_data(const ConvGeometry& g, const View& dy, const float* w, const View& dx) override {
    ref_->conv_backward_data(g, dy, w, spoiled(dx));
  }
  void conv_backward_weights(const ConvGeometry& g, const View& x, const View& dy, float* dw) override {
    ref_->conv_backward_weights(g, x, dy, dw);
  }
  std::unique_ptr<FrozenConv> freeze(const ConvGeometry& g, Shape w_shape, const float* w,
                                     const ConvEpilogue& epilogue) override {
    return ref_->freeze(g, w_shape, w, epilogue);
  }
  void batch_norm_train(const BatchNorm& bn, const View& x, const View& residual, const View& y, float* mean,
                        float* variance) override {
    ref_->batch_norm_train(bn, x, residual, spoiled(y), mean, variance);
  }
  void batch_norm_eval(const BatchNorm& bn, const View& x, const View& residual, const View& y,
                       const float* mean, const float* variance) override {
    ref_->batch_norm_eval(bn, x, residual, spoiled(y), mean, variance);
  }
  void batch_norm_backward(const BatchNorm& bn, const View& x, const View& dy, const float* mean,
                           const float* variance, const View& dx,
                           const BatchNormGradients& gradients) override {
    ref_->batch_norm_backward(bn, x, dy, mean, variance, spoiled(dx), gradients);
  }
  void prelu_forward(const View& x, const float* slope, const View& y) override {
    ref_->prelu_forward(x, slope, spoiled(y));
  }
  void prelu_backward(const View& x, const float* slope, const View& dy, const View& dx,
                      float* dslope) override {
    ref_->prelu_backward(x, slope, dy, spoiled(dx), dslope);
  }
  void add(const View& a, const View& b, const View& y) override { ref_->add(a, b, spoiled(y)); }
  void accumulate(const View& x, const View& y) override { ref_->accumulate(x, y); }
  void linear_forward(const View& x, const float* w, const float* bias, const View& y) override {
    ref_->linear_forward(x, w, bias, spoiled(y));
  }
  void linear_backward(const View& x, const float* w, const View& dy, const View& dx, float* dw,
                       float* dbias) override {
    ref_->linear_backward(x, w, dy, spoiled(dx), dw, dbias);
  }
  void gemm(const Gemm& g, const float* a, const float* b, float* c) override { ref_->gemm(g, a, b, c); }

 private:
  static const View& spoiled(const View& v) {
    if (v.data != nullptr) std::ranges::fill(v.floats(), std::numeric_limits<float>::quiet_NaN());
    return v;
  }
  const std::string name_ = "contrary";
  const std::unique_ptr<Backend> ref_ = make_backend("ref");
};

}  // namespace fr::test
