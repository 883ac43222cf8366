// launch_link: puts items into lists by key, each an index of the next one. Included by .cu files only.
#pragma once
#include <atomic>
#include <cstdint>

#include "core/device.h"
#include "core/parallel.h"

namespace fr {

// heads[key(i)], then next[…] until -1, name all i in [0, n) of that key, in no order. The heads are -1
// before; next (n). n < 2^31.
template <class Key>
void launch_link(Device device, int64_t n, const Key& key, int32_t* heads, int32_t* next) {
  if (device == Device::kCuda) return gpu::launch_link(n, key, heads, next);
  parallel_ranges(n, 1024, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      next[i] = std::atomic_ref(heads[key(i)]).exchange(static_cast<int32_t>(i), std::memory_order_relaxed);
  });
}

}  // namespace fr
