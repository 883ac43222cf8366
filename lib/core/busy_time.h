// How long a GPU worked on what was launched between marks. The host runs at most 64 intervals ahead of it.
#pragma once
#include <memory>

#include "core/device.h"
#include "core/error.h"

namespace fr {

class BusyTime {
 public:
  explicit BusyTime(Device device);
  ~BusyTime();
  double seconds();  // of the intervals since the last call; waits for them. 0 on a CPU

  // From here to the end of the scope. Intervals neither nest nor overlap.
  class Interval {
   public:
    explicit Interval(BusyTime& of) : of_(of) { of_.begin(); }
    Interval(const Interval&) = delete;
    Interval& operator=(const Interval&) = delete;
    ~Interval() {
      try {
        of_.end();
      } catch (const Error&) {  // whatever the GPU is asked next fails likewise, and says so
      }
    }

   private:
    BusyTime& of_;
  };

 private:
  void begin();
  void end();
  struct Gpu;
  std::unique_ptr<Gpu> gpu_;  // null on a CPU
};

}  // namespace fr
