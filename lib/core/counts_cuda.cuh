// Launches of core/counts.cuh on a GPU, a block a multiprocessor.
#pragma once
#include <cstdint>

#include "core/launch_cuda.cuh"
// After it, for dynamic_shared:
#include "core/counts_kernels.cuh"

namespace fr::launch_cuda {

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
    counts_in_memory_kernel<<<blocks, kCountsThreads, 0, stream()>>>(rows, cols, place, counts);
  } else {
    FR_CUDA(cudaFuncSetAttribute(counts_kernel<Place>, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes));
    counts_kernel<<<blocks, kCountsThreads, static_cast<size_t>(bytes), stream()>>>(rows, cols, place, counts,
                                                                                    bins);
  }
  FR_CUDA(cudaGetLastError());
}

}  // namespace fr::launch_cuda
