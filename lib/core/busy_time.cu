#include "core/busy_time.h"

#include <array>
#include <utility>

namespace fr {

struct BusyTime::Gpu {
  struct Marks {
    gpu::Event begin, end;
  };
  std::array<Marks, 64> ring;  // intervals [counted, begun) are in it
  size_t begun = 0, counted = 0;
  double seconds = 0;  // of the intervals counted

  Marks& marks(size_t interval) { return ring[interval % ring.size()]; }
  void count_one() {
    Marks& oldest = marks(counted++);
    oldest.end.wait();
    seconds += oldest.end.seconds_since(oldest.begin);
  }
};

BusyTime::BusyTime(Device device) {
  if (device == Device::kCuda) gpu_ = std::make_unique<Gpu>();
}
BusyTime::~BusyTime() = default;

void BusyTime::begin() {
  if (gpu_ == nullptr) return;
  if (gpu_->begun - gpu_->counted == gpu_->ring.size()) gpu_->count_one();
  gpu_->marks(gpu_->begun).begin.record();
}

void BusyTime::end() {
  if (gpu_ != nullptr) gpu_->marks(gpu_->begun++).end.record();
}

double BusyTime::seconds() {
  if (gpu_ == nullptr) return 0;
  while (gpu_->counted < gpu_->begun) gpu_->count_one();
  return std::exchange(gpu_->seconds, 0.0);
}

}  // namespace fr
