#include "backend/timed.h"

#include <chrono>

namespace fr {

template <class Call>
void TimedBackend::timed(const char* operation, const Call& call) {
  const auto begin = std::chrono::steady_clock::now();
  call();
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
  seconds_[operation] += spent.count();
}

void TimedBackend::reorder(const View& src, const View& dst) {
  timed("reorder", [&] { inner_.reorder(src, dst); });
}

void TimedBackend::conv_forward(const ConvGeometry& g, const View& x, const float* w, const View& y) {
  timed("conv_forward", [&] { inner_.conv_forward(g, x, w, y); });
}

void TimedBackend::conv_backward_data(const ConvGeometry& g, const View& dy, const float* w, const View& dx) {
  timed("conv_backward_data", [&] { inner_.conv_backward_data(g, dy, w, dx); });
}

void TimedBackend::conv_backward_weights(const ConvGeometry& g, const View& x, const View& dy, float* dw) {
  timed("conv_backward_weights", [&] { inner_.conv_backward_weights(g, x, dy, dw); });
}

class TimedBackend::TimedFrozenConv final : public FrozenConv {
 public:
  TimedFrozenConv(TimedBackend& backend, std::unique_ptr<FrozenConv> inner)
      : backend_(backend), inner_(std::move(inner)) {}
  void run(const View& x, const View& residual, const View& y) override {
    backend_.timed("conv_frozen", [&] { inner_->run(x, residual, y); });
  }

 private:
  TimedBackend& backend_;
  std::unique_ptr<FrozenConv> inner_;
};

std::unique_ptr<FrozenConv> TimedBackend::freeze(const ConvGeometry& g, Shape w_shape, const float* w,
                                                 const ConvEpilogue& epilogue) {
  return std::make_unique<TimedFrozenConv>(*this, inner_.freeze(g, w_shape, w, epilogue));
}

void TimedBackend::batch_norm_train(const BatchNorm& bn, const View& x, const View& residual, const View& y,
                                    float* mean, float* variance) {
  timed("batch_norm_train", [&] { inner_.batch_norm_train(bn, x, residual, y, mean, variance); });
}

void TimedBackend::batch_norm_eval(const BatchNorm& bn, const View& x, const View& residual, const View& y,
                                   const float* mean, const float* variance) {
  timed("batch_norm_eval", [&] { inner_.batch_norm_eval(bn, x, residual, y, mean, variance); });
}

void TimedBackend::batch_norm_backward(const BatchNorm& bn, const View& x, const View& dy, const float* mean,
                                       const float* variance, const View& dx,
                                       const BatchNormGradients& gradients) {
  timed("batch_norm_backward", [&] { inner_.batch_norm_backward(bn, x, dy, mean, variance, dx, gradients); });
}

void TimedBackend::prelu_forward(const View& x, const float* slope, const View& y) {
  timed("prelu_forward", [&] { inner_.prelu_forward(x, slope, y); });
}

void TimedBackend::prelu_backward(const View& x, const float* slope, const View& dy, const View& dx,
                                  float* dslope) {
  timed("prelu_backward", [&] { inner_.prelu_backward(x, slope, dy, dx, dslope); });
}

void TimedBackend::add(const View& a, const View& b, const View& y) {
  timed("add", [&] { inner_.add(a, b, y); });
}

void TimedBackend::accumulate(const View& x, const View& y) {
  timed("accumulate", [&] { inner_.accumulate(x, y); });
}

void TimedBackend::linear_forward(const View& x, const float* w, const float* bias, const View& y) {
  timed("linear_forward", [&] { inner_.linear_forward(x, w, bias, y); });
}

void TimedBackend::linear_backward(const View& x, const float* w, const View& dy, const View& dx, float* dw,
                                   float* dbias) {
  timed("linear_backward", [&] { inner_.linear_backward(x, w, dy, dx, dw, dbias); });
}

void TimedBackend::gemm(const Gemm& g, const float* a, const float* b, float* c) {
  timed("gemm", [&] { inner_.gemm(g, a, b, c); });
}

}  // namespace fr
