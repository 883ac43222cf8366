// How long a GPU worked on what was launched between marks, without waiting for it.
#pragma once
#include <memory>

#include "core/device.h"
#include "core/error.h"

namespace fr {

class BusyTime {
 public:
  explicit BusyTime(Device device);
  ~BusyTime();
  void begin();  // intervals neither nest nor overlap
  void end();
  double seconds();  // of the intervals since the last call; waits for them. 0 on a CPU

  // From here to the end of the scope.
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
  struct Gpu;
  std::unique_ptr<Gpu> gpu_;  // null on a CPU
};

}  // namespace fr
