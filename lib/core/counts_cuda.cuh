// The device side of core/counts.cuh: one block a multiprocessor counts in its shared memory, and adds what
// is not zero to the whole at the end. Integers: the order does not matter.
#pragma once
#include <cstdint>

#include "core/launch_cuda.cuh"

namespace fr::launch_cuda {

template <class Place>
__global__ void __launch_bounds__(1024)
    counts_kernel(int64_t rows, int64_t cols, Place place, int64_t* counts, int64_t bins) {
  extern __shared__ unsigned block_counts[];  // (bins)
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
__global__ void __launch_bounds__(1024)
    counts_in_memory_kernel(int64_t rows, int64_t cols, Place place, int64_t* counts) {
  for (int64_t row = blockIdx.x; row < rows; row += gridDim.x)
    for (int64_t col = threadIdx.x; col < cols; col += blockDim.x)
      atomicAdd(reinterpret_cast<unsigned long long*>(counts) + place(row, col), 1ull);
}

// bins * 4 bytes of shared memory: more than 48 KB must be asked for; sm_80 and sm_90 have 160 KB and more,
// sm_86 and sm_89 100 KB.
template <class Place>
void launch_counts(int64_t rows, int64_t cols, const Place& place, int64_t* counts, int64_t bins) {
  if (rows <= 0 || cols <= 0) return;
  const auto bytes = static_cast<int>(bins * 4);
  int device = 0, processors = 0, most = 0;
  FR_CUDA(cudaGetDevice(&device));
  FR_CUDA(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device));
  FR_CUDA(cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device));
  const auto blocks = static_cast<unsigned>(processors);
  if (bytes > most) {
    counts_in_memory_kernel<<<blocks, 1024, 0, stream()>>>(rows, cols, place, counts);
  } else {
    FR_CUDA(cudaFuncSetAttribute(counts_kernel<Place>, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes));
    counts_kernel<<<blocks, 1024, static_cast<size_t>(bytes), stream()>>>(rows, cols, place, counts, bins);
  }
  FR_CUDA(cudaGetLastError());
}

}  // namespace fr::launch_cuda
