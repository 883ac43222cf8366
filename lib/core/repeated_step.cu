#include "core/repeated_step.h"

#include <optional>
#include <utility>

namespace fr {

struct RepeatedStep::Gpu {
  std::optional<gpu::Graph> graph;
  bool warm = false;
};

RepeatedStep::RepeatedStep(Device device, std::function<void()> step)
    : step_(std::move(step)), busy_(device) {
  if (device == Device::kCuda) gpu_ = std::make_unique<Gpu>();
}
RepeatedStep::~RepeatedStep() = default;

void RepeatedStep::run() {
  if (gpu_ == nullptr) return step_();
  if (gpu_->warm && !gpu_->graph) gpu_->graph.emplace(step_);
  const BusyTime::Interval busy(busy_);
  if (gpu_->graph) return gpu_->graph->launch();
  step_();
  gpu_->warm = true;
}

void RepeatedStep::forget() {
  if (gpu_ == nullptr) return;
  gpu_->graph.reset();
  gpu_->warm = false;
}

}  // namespace fr
