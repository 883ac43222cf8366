#include "core/repeated_step.h"

#include <deque>
#include <optional>
#include <utility>

namespace fr {

struct RepeatedStep::Gpu {
  struct Interval {
    gpu::Event begin, end;
  };
  std::optional<gpu::Graph> graph;
  bool warm = false;
  std::deque<Interval> runs;  // since the last busy_seconds(); the events are used again
  size_t used = 0;
};

RepeatedStep::RepeatedStep(Device device, std::function<void()> step) : step_(std::move(step)) {
  if (device == Device::kCuda) gpu_ = std::make_unique<Gpu>();
}
RepeatedStep::~RepeatedStep() = default;

void RepeatedStep::run() {
  if (gpu_ == nullptr) return step_();
  if (gpu_->warm && !gpu_->graph) gpu_->graph.emplace(step_);
  if (gpu_->used == gpu_->runs.size()) gpu_->runs.emplace_back();
  Gpu::Interval& interval = gpu_->runs[gpu_->used++];
  interval.begin.record();
  if (gpu_->graph) {
    gpu_->graph->launch();
  } else {
    step_();
    gpu_->warm = true;
  }
  interval.end.record();
}

void RepeatedStep::forget() {
  if (gpu_ == nullptr) return;
  gpu_->graph.reset();
  gpu_->warm = false;
}

double RepeatedStep::busy_seconds() {
  if (gpu_ == nullptr) return 0;
  double seconds = 0;
  for (size_t i = 0; i < gpu_->used; ++i) {
    gpu_->runs[i].end.wait();
    seconds += gpu_->runs[i].end.seconds_since(gpu_->runs[i].begin);
  }
  gpu_->used = 0;
  return seconds;
}

}  // namespace fr
