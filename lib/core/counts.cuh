// launch_counts: how many elements of a (rows, cols) matrix fall into each bin. Included by .cu files only.
#pragma once
#include <atomic>
#include <cstdint>

#include "core/device.h"
#include "core/parallel.h"

namespace fr {

// ++counts[place(row, col)] for all; counts (bins). rows * cols < 2^32.
template <class Place>
void launch_counts(Device device, int64_t rows, int64_t cols, const Place& place, int64_t* counts,
                   int64_t bins) {
  if (device == Device::kCuda) return gpu::launch_counts(rows, cols, place, counts, bins);
  parallel_for(rows, [&](int64_t row) {
    for (int64_t col = 0; col < cols; ++col)
      std::atomic_ref(counts[place(row, col)]).fetch_add(1, std::memory_order_relaxed);
  });
}

}  // namespace fr
