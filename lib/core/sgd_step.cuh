// One value's step of SGD in either form (core/sgd_options.h), for kernels.
#pragma once
#include "core/device.h"
#include "core/sgd_options.h"

namespace fr {

struct SgdRule {
  const float* lr;  // (1) on the device, so that a captured step can be repeated at another rate
  float momentum, decay, rescale;
};

inline SgdRule sgd_rule(const SgdOptions& options, const float* lr) {
  return {.lr = lr,
          .momentum = static_cast<float>(options.momentum),
          .decay = static_cast<float>(options.weight_decay),
          .rescale = static_cast<float>(options.rescale)};
}

struct TorchForm {
  static FR_HD void step(const SgdRule& rule, float g, float& w, float& v) {
    const float gradient = rule.rescale * g + rule.decay * w;
    v = rule.momentum * v + gradient;
    w = w - *rule.lr * v;
  }
};

struct MxnetForm {
  static FR_HD void step(const SgdRule& rule, float g, float& w, float& v) {
    const float gradient = rule.rescale * g + rule.decay * w;
    v = rule.momentum * v - *rule.lr * gradient;
    w = w + v;
  }
};

}  // namespace fr
