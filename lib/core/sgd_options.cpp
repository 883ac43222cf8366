#include "core/sgd_options.h"

#include "core/error.h"

namespace fr {

SgdForm sgd_form(const std::string& name) {
  if (name == "torch") return SgdForm::kTorch;
  if (name == "mxnet") return SgdForm::kMxnet;
  fail("unknown form of SGD '{}' (known: torch mxnet)", name);
}

}  // namespace fr
