// The two update forms of SGD as functors over one flat range; see train/sgd.h for the formulas.
#pragma once
#include <cstdint>

#include "core/device.h"

namespace fr {

struct SgdStep {
  float* w;  // (n) values
  float* v;  // (n) momenta
  float* g;  // (n) gradients
  const float* lr;
  float momentum, decay, rescale;
  bool zero;  // leaves g zero
};

struct TorchStep : SgdStep {
  FR_HD void operator()(int64_t i) const {
    const float gradient = rescale * g[i] + decay * w[i];
    v[i] = momentum * v[i] + gradient;
    w[i] = w[i] - *lr * v[i];
    g[i] = zero ? 0.0f : g[i];
  }
};

struct MxnetStep : SgdStep {
  FR_HD void operator()(int64_t i) const {
    const float gradient = rescale * g[i] + decay * w[i];
    v[i] = momentum * v[i] - *lr * gradient;
    w[i] = w[i] + v[i];
    g[i] = zero ? 0.0f : g[i];
  }
};

}  // namespace fr
