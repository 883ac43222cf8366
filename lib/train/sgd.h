// SGD with momentum and weight decay, in the two forms whose results differ once the rate changes: torch's
// momentum holds gradients, MXNet's holds steps (spec 1.11). One pass over the flat buffers of Parameters.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/device.h"
#include "core/parameters.h"
#include "core/tensor.h"

namespace fr {

enum class SgdForm {
  kTorch,  // v = momentum v + (g + decay w);       w = w - lr v
  kMxnet,  // v = momentum v - lr (g + decay w);    w = w + v
};
SgdForm sgd_form(const std::string& name);  // "torch" or "mxnet"; throws fr::Error otherwise

struct SgdOptions {
  SgdForm form = SgdForm::kTorch;
  double momentum = 0.9;
  double weight_decay = 5e-4;  // on everything trainable
  double rescale = 1;          // g is rescale times the gradient buffer (MXNet's rescale_grad)
};

class Sgd {
 public:
  // `parameters` must outlive this object. Momenta start at zero, which makes torch's first step v = g.
  Sgd(const SgdOptions& options, const Parameters& parameters, Device device = Device::kCpu);
  // Steps every trainable slice with rate lr. With zero_gradients, the whole gradient buffer is zero after
  // it.
  void step(double lr, bool zero_gradients = true);
  // (parameters.count()), laid out as the values: what a checkpoint saves beside them.
  std::span<float> momentum() const { return momentum_.floats(); }

 private:
  struct Run {  // adjacent slices stepped alike
    int64_t begin, end;
    bool trainable;
  };
  SgdOptions options_;
  const Parameters& parameters_;
  Device device_;
  Tensor momentum_;  // (count)
  std::vector<Run> runs_;
};

// Scales the gradients by min(1, max_norm/(norm + 1e-6)) (spec 3.1); returns their L2 norm before. The sum of
// squares is taken in double by a fixed tree.
double clip_gradients(std::span<float> gradients, double max_norm, Device device = Device::kCpu);

}  // namespace fr
