#include "core/working_copy.h"

#include <limits>
#include <vector>

#include "core/error.h"
#include "core/launch.cuh"

namespace fr {

namespace {

struct Store {
  WorkingPlaces places;
  const float* values;
  FR_HD void operator()(int64_t i) const { places.store(i, values[i]); }
};

WorkingPlaces::Order order_of(const Slice& slice) {
  FR_CHECK(slice.count <= std::numeric_limits<uint32_t>::max(),
           "{}: {} values are too many for a working copy", slice.name, slice.count);
  WorkingPlaces::Order order{slice.offset, static_cast<uint32_t>(slice.count), 1, 1};
  if (slice.shape.size() == 4) {
    order.channels = static_cast<uint32_t>(slice.shape[1]);
    order.taps = static_cast<uint32_t>(slice.shape[2] * slice.shape[3]);
  }
  return order;
}

template <class T>
Array<T> array_of(const std::vector<T>& values, Device device) {
  Array<T> array(std::ssize(values), device);
  copy_bytes(device, array.data(), Device::kCpu, values.data(), array.bytes());
  return array;
}

}  // namespace

WorkingCopy::WorkingCopy(const Parameters& parameters)
    : parameters_(parameters), copy_(parameters.count(), parameters.device()) {
  std::vector<WorkingPlaces::Order> orders;
  std::vector<int32_t> slices(static_cast<size_t>(parameters.count() / kSliceAlignment));
  for (const Slice& slice : parameters.slices()) {
    const int64_t begin = slice.offset / kSliceAlignment;
    const int64_t end = (slice.offset + slice.count + kSliceAlignment - 1) / kSliceAlignment;
    for (int64_t i = begin; i < end; ++i)
      slices[static_cast<size_t>(i)] = static_cast<int32_t>(orders.size());
    orders.push_back(order_of(slice));
  }
  slices_ = array_of(slices, parameters.device());
  orders_ = array_of(orders, parameters.device());
  places_ = {copy_.data(), slices_.data(), orders_.data()};
}

void WorkingCopy::make() {
  launch(parameters_.device(), parameters_.count(), Store{places_, parameters_.values().data()});
}

const Bf16* WorkingCopy::of(const float* values) const {
  const std::span<float> all = parameters_.values();
  const auto at = reinterpret_cast<uintptr_t>(values), begin = reinterpret_cast<uintptr_t>(all.data());
  if (at < begin || at >= begin + all.size_bytes()) return nullptr;
  return copy_.data() + (at - begin) / sizeof(float);
}

}  // namespace fr
