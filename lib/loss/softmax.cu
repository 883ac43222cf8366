// Plain softmax: x w^T + bias, nothing normalised, no scale (spec 1.4; the paper's Eq. 1).
#include "core/error.h"
#include "loss/margin_loss.cuh"

namespace fr {

namespace {

struct NoMargin {
  FR_HD MarginValue operator()(double logit) const { return {logit, 1.0}; }
};

const Registration<LossKind> softmax("softmax", [](const LossOptions& options, Backend& backend) {
  FR_CHECK(options.filter == 0, "loss softmax: filter {} needs cosines", options.filter);
  return make_margin_loss(options, backend, {.normalise = false, .bias = true, .scale = 1}, NoMargin{});
});

}  // namespace

}  // namespace fr
