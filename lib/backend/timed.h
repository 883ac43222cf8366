// A backend that passes every call on to another and keeps the time each kind of operation takes, beside the
// work it could not have done with less: for fr-bench. Before and after each it waits for the device.
#pragma once
#include <functional>
#include <map>
#include <string>

#include "backend/backend.h"

namespace fr {

// Bytes: every pass over an activation or a weight that the mathematics asks for, read or written from
// memory.
struct Work {
  double flops = 0, bytes = 0;
};

struct Spent {
  double seconds = 0;
  Work work;
};

class TimedBackend final : public Backend {
 public:
  explicit TimedBackend(Backend& inner) : inner_(inner) {}
  const std::string& name() const override { return inner_.name(); }
  Device device() const override { return inner_.device(); }
  DType activations() const override { return inner_.activations(); }

  std::pair<Layout, Layout> preferred(const ConvGeometry& g, Shape x, Shape y) const override {
    return inner_.preferred(g, x, y);
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

  void follow(const WorkingCopy* copy) override { inner_.follow(copy); }
  std::vector<std::string> implementations() const override { return inner_.implementations(); }
  void recall(const std::vector<std::string>& lines) override { inner_.recall(lines); }

  // Of each operation ("conv_forward") since the last reset.
  const std::map<std::string, Spent>& spent() const { return spent_; }
  void reset() { spent_.clear(); }
  // Off, calls pass as if this backend were not there: nothing waits, and a step can be captured.
  void keep_time(bool on) { on_ = on; }
  // Work of others that runs on the device, timed like an operation. What it asks of this backend counts
  // there and not here.
  void timed(const char* operation, const Work& work, const std::function<void()>& call);

 private:
  class TimedFrozenConv;

  Backend& inner_;
  bool on_ = true;
  double within_ = 0;  // seconds of the operations within the one at hand
  std::map<std::string, Spent> spent_;
};

}  // namespace fr
