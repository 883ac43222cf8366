// What evaluation normalises by: batch statistics averaged over time.
#pragma once
#include <cstdint>

#include "core/device.h"

namespace fr {

// running = (1 - momentum) running + momentum batch, per channel (c), on that device. Batches of `count`
// values a channel normalise by the biased variance; the running one is unbiased (spec 02 §2.1).
struct RunningStatistics {
  const float *mean, *variance;            // (c) of the batch
  float *running_mean, *running_variance;  // (c)
  float momentum;
};
void update(Device device, int64_t channels, int64_t count, const RunningStatistics& statistics);

}  // namespace fr
