// Copies between host and GPU beside the work on the one stream of core/launch.cuh, in order among
// themselves; how the two wait for each other is said call by call. On a CPU a copy is done when it returns.
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/device.h"

namespace fr {

class CopyStream {
 public:
  explicit CopyStream(Device device);
  CopyStream(CopyStream&& other) noexcept
      : device_(other.device_), stream_(std::exchange(other.stream_, nullptr)) {}
  CopyStream& operator=(CopyStream&&) = delete;
  ~CopyStream();  // waits

  void copy(void* to, const void* from, int64_t bytes);  // host memory is Pinned
  void after_work();   // copies from now on wait for what has been launched so far
  void before_work();  // what is launched from now on waits for the copies so far
  void wait();         // until the copies so far are done

 private:
  Device device_;
  void* stream_ = nullptr;
};

// Host memory that a GPU copies from and to while the host goes on; plain memory for a CPU.
class Pinned {
 public:
  Pinned(Device device, int64_t bytes);
  Pinned(Pinned&& other) noexcept
      : device_(other.device_), bytes_(other.bytes_), data_(std::exchange(other.data_, nullptr)) {}
  Pinned& operator=(Pinned&&) = delete;
  ~Pinned();
  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }
  int64_t bytes() const { return bytes_; }

 private:
  Device device_;
  int64_t bytes_;
  void* data_ = nullptr;
};

}  // namespace fr
