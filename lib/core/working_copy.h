// The weights once more, in bf16 and in the order in which products with channels-last activations read them:
// a slice (k, c, kernel, kernel) lies as (k, kernel, kernel, c), any other as it is. SGD rounds each weight
// when it steps it (train/sgd.h); whoever else changes values calls make().
#pragma once
#include <cstdint>

#include "core/array.h"
#include "core/bf16.h"
#include "core/parameters.h"

namespace fr {

// Where a kernel puts what it stepped.
struct WorkingPlaces {
  struct Order {  // of one slice
    int64_t begin;
    uint32_t count, channels, taps;  // taps: kernel * kernel
  };
  Bf16* copy;             // (parameters.count())
  const int32_t* slices;  // (count / kSliceAlignment) the slice that each run of values belongs to
  const Order* orders;    // (slices)

  // Value i of all, which is w now.
  FR_HD void store(int64_t i, float w) const {
    const Order order = orders[slices[i / kSliceAlignment]];
    const auto at = static_cast<uint32_t>(i - order.begin);
    if (at >= order.count) return;  // the room between two slices
    const uint32_t tap = at % order.taps, row = at / order.taps;
    const uint32_t c = row % order.channels, k = row / order.channels;
    const uint32_t to = (k * order.taps + tap) * order.channels + c;
    copy[order.begin + to] = Bf16(w);
  }
};

class WorkingCopy {
 public:
  // In the parameters' device's memory, of nothing until it is made. `parameters` must outlive this object.
  // Throws fr::Error for a slice of 2^32 values or more.
  explicit WorkingCopy(const Parameters& parameters);
  void make();  // of the values as they are
  // Of the slice that begins at `values`; null for what is none of the parameters'.
  const Bf16* of(const float* values) const;
  const WorkingPlaces& places() const { return places_; }

 private:
  const Parameters& parameters_;
  Array<Bf16> copy_;
  Array<int32_t> slices_;
  Array<WorkingPlaces::Order> orders_;
  WorkingPlaces places_;
};

}  // namespace fr
