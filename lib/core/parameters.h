// Named parameters in one flat buffer of values and one of gradients: what an optimiser steps and a
// checkpoint saves.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor.h"

namespace fr {

inline constexpr int64_t kSliceAlignment =
    16;  // floats: slices begin on 64-byte boundaries, for aligned loads

// One named array inside the flat buffers. `trainable` false: saved, never stepped (frozen gamma, running
// statistics).
struct Slice {
  std::string name;
  std::vector<int64_t> shape;
  int64_t offset = 0, count = 0;  // in floats
  bool trainable = true;
};

class Parameters {
 public:
  // Appends a slice; returns its index. Every add() comes before allocate().
  int64_t add(std::string name, std::vector<int64_t> shape, bool trainable = true);
  // Makes the values, zeroed, in that device's memory, where what follows points to. The gradients are made,
  // zeroed, when they are first asked for.
  void allocate(Device device = Device::kCpu);
  Device device() const { return device_; }

  const std::vector<Slice>& slices() const { return slices_; }
  const Slice& slice(std::string_view name) const;  // throws fr::Error when there is none
  int64_t count() const { return count_; }          // floats, the trainable and the rest
  int64_t trainable_count() const;
  std::span<float> values() const { return values_.floats(); }
  std::span<float> gradients() const;
  std::span<float> values(const Slice& s) const;
  std::span<float> gradients(const Slice& s) const;
  void zero_gradients() const;
  View view() const { return values_.view(); }  // of the values
  View view(const Slice& s) const { return view_of(values(s).data(), {.n = s.count}, device_); }

 private:
  std::vector<Slice> slices_;
  int64_t count_ = 0;
  Device device_ = Device::kCpu;
  Tensor values_;             // (count)
  mutable Tensor gradients_;  // (count), or empty
};

}  // namespace fr
