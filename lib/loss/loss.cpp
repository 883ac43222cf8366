#include "loss/loss.h"

#include <cmath>
#include <limits>

#include "core/error.h"

namespace fr {

LossOptions::LossOptions() { scale = m1 = m2 = m3 = std::numeric_limits<double>::quiet_NaN(); }

std::unique_ptr<Loss> make_loss(const LossOptions& options, Backend& backend) {
  const auto factory = Registry<LossKind>::instance().find(options.name);
  FR_CHECK(options.classes > 0, "loss {}: {} classes", options.name, options.classes);
  FR_CHECK(options.embedding_size > 0, "loss {}: embedding size {}", options.name, options.embedding_size);
  FR_CHECK(options.tile > 0, "loss {}: tiles of {} classes", options.name, options.tile);
  FR_CHECK(std::isnan(options.scale) || options.scale > 0, "loss {}: scale {}", options.name, options.scale);
  return factory(options, backend);
}

}  // namespace fr
