// What the sinks on a device (eval/score_device_sinks.h) are made of: arrays there, whom a sink leaves out,
// and how it lowers cuts. Included by .cu files only.
#pragma once
#include <cstdint>
#include <vector>

#include "core/device_memory.h"
#include "core/launch.cuh"
#include "core/tensor.h"
#include "eval/score_device_sinks.h"
#include "eval/score_sinks.h"

namespace fr {

// (count) values in a device's memory.
template <class T>
class DeviceArray {
 public:
  DeviceArray() = default;
  DeviceArray(Device device, int64_t count) : memory_(count * int64_t{sizeof(T)}, device), count_(count) {}
  DeviceArray(Device device, const std::vector<T>& values) : DeviceArray(device, std::ssize(values)) {
    write(values);
  }
  T* data() const { return reinterpret_cast<T*>(memory_.data()); }
  int64_t count() const { return count_; }
  void write(const std::vector<T>& values) {  // to its beginning
    copy_bytes(memory_.device(), memory_.data(), Device::kCpu, values.data(),
               std::ssize(values) * int64_t{sizeof(T)});
  }
  std::vector<T> read(int64_t count) const {  // its beginning
    std::vector<T> values(static_cast<size_t>(count));
    copy_bytes(Device::kCpu, values.data(), memory_.device(), memory_.data(), count * int64_t{sizeof(T)});
    return values;
  }

 private:
  Memory memory_;
  int64_t count_ = 0;
};

// Subjects as a kernel reads them.
struct People {
  const int64_t* probes = nullptr;  // null: nobody is left out
  const int64_t* gallery = nullptr;
  FR_HD bool same(int64_t probe, int64_t row) const {
    return probes != nullptr && probes[probe] == gallery[row];
  }
};

class DevicePeople {
 public:
  DevicePeople(Device device, const Subjects& subjects)
      : probes_(device, subjects.probes), gallery_(device, subjects.gallery) {}
  People view() const { return probes_.count() == 0 ? People{} : People{probes_.data(), gallery_.data()}; }

 private:
  DeviceArray<int64_t> probes_, gallery_;
};

template <class CutOf>
struct LowerCut {
  float* cuts;
  int64_t first;
  CutOf cut_of;
  FR_HD void operator()(int64_t i) const {
    const float cut = cut_of(first + i);
    if (cut < cuts[i]) cuts[i] = cut;
  }
};

}  // namespace fr
