// core/counts.cuh on a GPU: a block counts in its shared memory, and adds what is not zero to the whole at
// the end. Integers: the order does not matter. The kernels alone, as in core/launch_kernels.cuh.
#pragma once
#include <cstdint>

#include "core/launch_shape.h"

namespace fr::launch_cuda {

template <class Place>
__global__ void __launch_bounds__(kCountsThreads)
    counts_kernel(int64_t rows, int64_t cols, Place place, int64_t* counts, int64_t bins) {
  unsigned* const block_counts = dynamic_shared<unsigned>();  // (bins)
  for (int64_t i = threadIdx.x; i < bins; i += blockDim.x) block_counts[i] = 0;
  __syncthreads();
  for (int64_t row = blockIdx.x; row < rows; row += gridDim.x)
    for (int64_t col = threadIdx.x; col < cols; col += blockDim.x)
      atomicAdd(&block_counts[place(row, col)], 1u);
  __syncthreads();
  for (int64_t i = threadIdx.x; i < bins; i += blockDim.x) {
    if (block_counts[i] == 0) continue;
    atomicAdd(reinterpret_cast<unsigned long long*>(counts) + i,
              static_cast<unsigned long long>(block_counts[i]));
  }
}

// Where a block's shared memory does not hold all bins.
template <class Place>
__global__ void __launch_bounds__(kCountsThreads)
    counts_in_memory_kernel(int64_t rows, int64_t cols, Place place, int64_t* counts) {
  for (int64_t row = blockIdx.x; row < rows; row += gridDim.x)
    for (int64_t col = threadIdx.x; col < cols; col += blockDim.x)
      atomicAdd(reinterpret_cast<unsigned long long*>(counts) + place(row, col), 1ull);
}

}  // namespace fr::launch_cuda
