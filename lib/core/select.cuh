// launch_select: of all elements of a (rows, cols) matrix those that pass a test, as a list in no order.
// `select(col)` is made once for many rows: what it holds stays in registers. It answers
//   bool passes(row) and Item item(row), the latter for what passed.
// Included by .cu files only.
#pragma once
#include <atomic>
#include <cstdint>

#include "core/device.h"
#include "core/parallel.h"
#include "core/selected.h"

namespace fr {

// What `select` answers where a list is seen as a matrix of one row.
template <class Item>
struct Listed {
  Item listed;
  bool passing;
  FR_HD bool passes(int64_t) const { return passing; }
  FR_HD Item item(int64_t) const { return listed; }
};

template <class Select, class Item>
void launch_select(Device device, int64_t rows, int64_t cols, const Select& select,
                   const Selected<Item>& selected) {
  if (device == Device::kCuda) return gpu::launch_select(rows, cols, select, selected);
  parallel_ranges(cols, 64, [&](int64_t begin, int64_t end) {
    for (int64_t col = begin; col < end; ++col) {
      const auto column = select(col);
      for (int64_t row = 0; row < rows; ++row) {
        if (!column.passes(row)) continue;
        const int64_t place = std::atomic_ref(*selected.count).fetch_add(1, std::memory_order_relaxed);
        if (place < selected.capacity) selected.items[place] = column.item(row);
      }
    }
  });
}

}  // namespace fr
