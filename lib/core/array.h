// Array: values of any trivially copyable type in one device's memory, for what Tensor's dtypes do not hold.
#pragma once
#include <cstdint>
#include <type_traits>
#include <vector>

#include "core/device_memory.h"
#include "core/tensor.h"

namespace fr {

template <class T>
class Array {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Array() = default;
  explicit Array(int64_t size, Device device = Device::kCpu)  // uninitialised
      : memory_(size * int64_t{sizeof(T)}, device), size_(size) {}
  T* data() const { return reinterpret_cast<T*>(memory_.data()); }
  int64_t size() const { return size_; }
  int64_t bytes() const { return size_ * int64_t{sizeof(T)}; }
  std::vector<T> on_host() const {
    std::vector<T> values(static_cast<size_t>(size_));
    if (size_ > 0) copy_bytes(Device::kCpu, values.data(), memory_.device(), data(), bytes());
    return values;
  }

 private:
  Memory memory_;
  int64_t size_ = 0;
};

}  // namespace fr
