#include "loss/loss.h"

#include <cmath>
#include <limits>

#include "core/error.h"

namespace fr {

LossOptions::LossOptions() { scale = m1 = m2 = m3 = std::numeric_limits<double>::quiet_NaN(); }

// On a CPU a tile's logits stay in its cache (1024 was measured slower); a GPU is to be filled by one launch.
int64_t default_tile(Device device) { return device == Device::kCpu ? 768 : 16384; }

std::unique_ptr<Loss> make_loss(const LossOptions& options, Backend& backend) {
  const auto factory = Registry<LossKind>::instance().find(options.name);
  FR_CHECK(options.classes > 0, "loss {}: {} classes", options.name, options.classes);
  FR_CHECK(options.embedding_size > 0, "loss {}: embedding size {}", options.name, options.embedding_size);
  FR_CHECK(options.tile >= 0, "loss {}: tiles of {} classes", options.name, options.tile);
  FR_CHECK(options.sample >= 0 && options.sample <= 1, "loss {}: sample rate {}: must be in [0, 1]",
           options.name, options.sample);
  FR_CHECK(options.sampled_momentum == SampledMomentum::kDense || options.sgd,
           "loss {}: momentum of sampled classes alone needs the loss's own SGD", options.name);
  FR_CHECK(std::isnan(options.scale) || options.scale > 0, "loss {}: scale {}", options.name, options.scale);
  return factory(options, backend);
}

}  // namespace fr
