// A step of work that is done again and again. On a GPU it is captured when it has run once, so that a
// repetition is one launch: the step must then neither allocate nor wait, and reads what changes from memory
// of its own.
#pragma once
#include <functional>
#include <memory>

#include "core/busy_time.h"
#include "core/device.h"

namespace fr {

class RepeatedStep {
 public:
  // The first run does the step as it is: memory grows, libraries choose. `step` must outlive this object's
  // uses.
  RepeatedStep(Device device, std::function<void()> step);
  ~RepeatedStep();
  void run();
  void forget();  // memory of the step may have moved: the next run does it as it is again

  // Seconds that the GPU spent on the runs since the last call; waits for them. 0 on a CPU.
  double busy_seconds() { return busy_.seconds(); }

 private:
  struct Gpu;
  std::function<void()> step_;
  BusyTime busy_;
  std::unique_ptr<Gpu> gpu_;  // null on a CPU
};

}  // namespace fr
