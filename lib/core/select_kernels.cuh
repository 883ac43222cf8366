// core/select.cuh on a GPU: a warp's lanes append together, with one atomic addition. The kernel alone, as in
// core/launch_kernels.cuh.
#pragma once
#include <cstdint>

#include "core/launch_shape.h"
#include "core/selected.h"

namespace fr::launch_cuda {

// Bit r: row begin + r of a run passes.
template <class Column>
__device__ unsigned passed_of(const Column& column, int64_t begin, int64_t rows) {
  unsigned passed = 0;
  if (begin + kSelectRun <= rows) {
#pragma unroll
    for (int r = 0; r < kSelectRun; ++r) passed |= (column.passes(begin + r) ? 1u : 0u) << r;
  } else {
    for (int r = 0; begin + r < rows; ++r) passed |= (column.passes(begin + r) ? 1u : 0u) << r;
  }
  return passed;
}

// Each lane appends what it has in `passed`, one item a round. All lanes of the warp call it.
template <class Column, class Item>
__device__ void append(unsigned passed, const Column& column, int64_t begin, const Selected<Item>& selected) {
  constexpr unsigned kAll = 0xffffffffu;
  const unsigned lane = threadIdx.x % 32;
  for (unsigned votes = __ballot_sync(kAll, passed != 0); votes != 0;
       votes = __ballot_sync(kAll, passed != 0)) {
    const int leader = __ffs(static_cast<int>(votes)) - 1;
    unsigned long long base = 0;
    if (static_cast<int>(lane) == leader) {
      base = atomicAdd(reinterpret_cast<unsigned long long*>(selected.count),
                       static_cast<unsigned long long>(__popc(votes)));
    }
    base = __shfl_sync(kAll, base, leader);
    if (passed == 0) continue;
    const auto place = static_cast<int64_t>(base) + __popc(votes & ((1u << lane) - 1));
    const int row = __ffs(static_cast<int>(passed)) - 1;
    passed &= passed - 1;
    if (place < selected.capacity) selected.items[place] = column.item(begin + row);
  }
}

// The trips of both loops are the same for all threads of a block: warps vote whole.
template <class Select, class Item>
__global__ void select_kernel(int64_t rows, int64_t cols, Select select, Selected<Item> selected) {
  for (int64_t first = int64_t{blockIdx.x} * blockDim.x; first < cols;
       first += int64_t{gridDim.x} * blockDim.x) {
    const int64_t col = first + threadIdx.x;
    const bool inside = col < cols;
    const auto column = select(inside ? col : cols - 1);
    for (int64_t begin = int64_t{blockIdx.y} * kSelectRun; begin < rows;
         begin += int64_t{gridDim.y} * kSelectRun) {
      append(inside ? passed_of(column, begin, rows) : 0, column, begin, selected);
    }
  }
}

}  // namespace fr::launch_cuda
