#include "nn/running_statistics.h"

#include "core/launch.cuh"

namespace fr {

namespace {

struct Update {
  RunningStatistics s;
  float keep, unbiased;
  FR_HD void operator()(int64_t c) const {
    s.running_mean[c] = keep * s.running_mean[c] + s.momentum * s.mean[c];
    s.running_variance[c] = keep * s.running_variance[c] + unbiased * s.variance[c];
  }
};

}  // namespace

void update(Device device, int64_t channels, int64_t count, const RunningStatistics& statistics) {
  const auto values = static_cast<float>(count);
  launch(device, channels,
         Update{statistics, 1 - statistics.momentum, statistics.momentum * (values / (values - 1))});
}

}  // namespace fr
