#include "backend/timed.h"

#include <chrono>
#include <utility>

#include "core/device_memory.h"

namespace fr {

namespace {

// `passes` over a view.
double bytes(const View& v, int passes = 1) {
  return v.data == nullptr ? 0 : passes * static_cast<double>(v.bytes());
}

Work convolution(const ConvGeometry& g, const View& x, const View& y) {
  const int64_t inputs = x.shape.c / g.groups;
  const auto weights = static_cast<double>(y.shape.c * inputs * g.kernel * g.kernel);
  const double positions = static_cast<double>(y.shape.n * y.shape.plane());
  return {2 * weights * positions, bytes(x) + bytes(y) + 4 * weights};
}

Work linear(const View& x, const View& y, int products) {
  const int64_t inputs = x.count() / x.shape.n;
  const auto weights = static_cast<double>(inputs * y.shape.c);
  return {2 * products * weights * static_cast<double>(x.shape.n),
          bytes(x) + bytes(y) + 4 * products * weights};
}

// `size`: bytes of a value of a and b.
Work product(const Backend::Gemm& g, int64_t size) {
  const int64_t results = g.m * g.n * (g.beta == 0 ? 1 : 2);
  return {2 * static_cast<double>(g.m * g.n * g.k),
          static_cast<double>(size * (g.m * g.k + g.k * g.n) + int64_t{sizeof(float)} * results)};
}

}  // namespace

void TimedBackend::timed(const char* operation, const Work& work, const std::function<void()>& call) {
  if (!on_) return call();
  const double around = std::exchange(within_, 0);
  synchronize(inner_.device());
  const auto begin = std::chrono::steady_clock::now();
  call();
  synchronize(inner_.device());
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  Spent& spent = spent_[operation];
  spent.seconds += seconds.count() - within_;
  within_ = around + seconds.count();
  spent.work.flops += work.flops;
  spent.work.bytes += work.bytes;
}

void TimedBackend::reorder(const View& src, const View& dst) {
  timed("reorder", {0, bytes(src) + bytes(dst)}, [&] { inner_.reorder(src, dst); });
}

void TimedBackend::conv_forward(const ConvGeometry& g, const View& x, const float* w, const View& y) {
  timed("conv_forward", convolution(g, x, y), [&] { inner_.conv_forward(g, x, w, y); });
}

void TimedBackend::conv_backward_data(const ConvGeometry& g, const View& dy, const float* w, const View& dx) {
  timed("conv_backward_data", convolution(g, dx, dy), [&] { inner_.conv_backward_data(g, dy, w, dx); });
}

void TimedBackend::conv_backward_weights(const ConvGeometry& g, const View& x, const View& dy, float* dw) {
  timed("conv_backward_weights", convolution(g, x, dy), [&] { inner_.conv_backward_weights(g, x, dy, dw); });
}

class TimedBackend::TimedFrozenConv final : public FrozenConv {
 public:
  TimedFrozenConv(TimedBackend& backend, const ConvGeometry& g, std::unique_ptr<FrozenConv> inner)
      : backend_(backend), g_(g), inner_(std::move(inner)) {}
  void run(const View& x, const View& residual, const View& y) override {
    Work work = convolution(g_, x, y);
    work.bytes += bytes(residual);
    backend_.timed("conv_frozen", work, [&] { inner_->run(x, residual, y); });
  }

 private:
  TimedBackend& backend_;
  ConvGeometry g_;
  std::unique_ptr<FrozenConv> inner_;
};

std::unique_ptr<FrozenConv> TimedBackend::freeze(const ConvGeometry& g, Shape w_shape, const float* w,
                                                 const ConvEpilogue& epilogue) {
  return std::make_unique<TimedFrozenConv>(*this, g, inner_.freeze(g, w_shape, w, epilogue));
}

void TimedBackend::batch_norm_train(const BatchNorm& bn, const View& x, const View& residual, const View& y,
                                    float* mean, float* variance) {
  timed("batch_norm_train", {0, bytes(x, 2) + bytes(residual) + bytes(y)},
        [&] { inner_.batch_norm_train(bn, x, residual, y, mean, variance); });
}

void TimedBackend::batch_norm_eval(const BatchNorm& bn, const View& x, const View& residual, const View& y,
                                   const float* mean, const float* variance) {
  timed("batch_norm_eval", {0, bytes(x) + bytes(residual) + bytes(y)},
        [&] { inner_.batch_norm_eval(bn, x, residual, y, mean, variance); });
}

void TimedBackend::batch_norm_backward(const BatchNorm& bn, const View& x, const View& dy, const float* mean,
                                       const float* variance, const View& dx,
                                       const BatchNormGradients& gradients) {
  timed("batch_norm_backward", {0, bytes(x, 2) + bytes(dy, 2) + bytes(dx)},
        [&] { inner_.batch_norm_backward(bn, x, dy, mean, variance, dx, gradients); });
}

void TimedBackend::prelu_forward(const View& x, const float* slope, const View& y) {
  timed("prelu_forward", {0, bytes(x) + bytes(y)}, [&] { inner_.prelu_forward(x, slope, y); });
}

void TimedBackend::prelu_backward(const View& x, const float* slope, const View& dy, const View& dx,
                                  float* dslope) {
  timed("prelu_backward", {0, bytes(x) + bytes(dy) + bytes(dx)},
        [&] { inner_.prelu_backward(x, slope, dy, dx, dslope); });
}

void TimedBackend::add(const View& a, const View& b, const View& y) {
  timed("add", {0, bytes(a) + bytes(b) + bytes(y)}, [&] { inner_.add(a, b, y); });
}

void TimedBackend::accumulate(const View& x, const View& y) {
  timed("accumulate", {0, bytes(x) + bytes(y, 2)}, [&] { inner_.accumulate(x, y); });
}

void TimedBackend::linear_forward(const View& x, const float* w, const float* bias, const View& y) {
  timed("linear_forward", linear(x, y, 1), [&] { inner_.linear_forward(x, w, bias, y); });
}

void TimedBackend::linear_backward(const View& x, const float* w, const View& dy, const View& dx, float* dw,
                                   float* dbias) {
  timed("linear_backward", linear(x, dy, dx.data != nullptr ? 2 : 1),
        [&] { inner_.linear_backward(x, w, dy, dx, dw, dbias); });
}

void TimedBackend::gemm(const Gemm& g, const float* a, const float* b, float* c) {
  timed("gemm", product(g, sizeof(float)), [&] { inner_.gemm(g, a, b, c); });
}

void TimedBackend::gemm_bf16(const Gemm& g, const Bf16* a, const Bf16* b, float* c) {
  timed("gemm_bf16", product(g, sizeof(Bf16)), [&] { inner_.gemm_bf16(g, a, b, c); });
}

}  // namespace fr
