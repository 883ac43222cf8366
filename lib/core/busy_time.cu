#include "core/busy_time.h"

#include <deque>

namespace fr {

struct BusyTime::Gpu {
  struct Marks {
    gpu::Event begin, end;
  };
  std::deque<Marks> intervals;  // since the last seconds(); the events are used again
  size_t used = 0;
};

BusyTime::BusyTime(Device device) {
  if (device == Device::kCuda) gpu_ = std::make_unique<Gpu>();
}
BusyTime::~BusyTime() = default;

void BusyTime::begin() {
  if (gpu_ == nullptr) return;
  if (gpu_->used == gpu_->intervals.size()) gpu_->intervals.emplace_back();
  gpu_->intervals[gpu_->used].begin.record();
}

void BusyTime::end() {
  if (gpu_ != nullptr) gpu_->intervals[gpu_->used++].end.record();
}

double BusyTime::seconds() {
  if (gpu_ == nullptr) return 0;
  double seconds = 0;
  for (size_t i = 0; i < gpu_->used; ++i) {
    gpu_->intervals[i].end.wait();
    seconds += gpu_->intervals[i].end.seconds_since(gpu_->intervals[i].begin);
  }
  gpu_->used = 0;
  return seconds;
}

}  // namespace fr
