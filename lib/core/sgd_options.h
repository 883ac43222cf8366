// The two forms of SGD with momentum and weight decay, whose results differ once the rate changes: torch's
// momentum holds gradients, MXNet's holds steps (spec 1.11).
#pragma once
#include <string>

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
  double rescale = 1;          // g is rescale times the gradient (MXNet's rescale_grad)
};

}  // namespace fr
