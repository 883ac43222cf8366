// Data on their way to a device while it computes: what the next step needs travels during this one.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "core/copy_stream.h"
#include "core/tensor.h"

namespace fr {

class Upload {
 public:
  // Parts of so many bytes each, that travel together.
  Upload(Device device, std::span<const int64_t> bytes);
  // Starts the parts on their way, from Pinned memory that stays as it is until wait(). Each start() has its
  // take().
  void start(std::span<const void* const> parts);
  void wait() { stream_.wait(); }  // until what was started has arrived
  // Puts what was started into `parts` on the device, in the order of the other work there.
  void take(std::span<void* const> parts);

 private:
  CopyStream stream_;
  std::vector<Memory> arrived_;
};

}  // namespace fr
