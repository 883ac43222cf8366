// Launches of core/lists.cuh on a GPU.
#pragma once
#include <cstdint>

#include "core/launch_cuda.cuh"
#include "core/lists_kernels.cuh"

namespace fr::launch_cuda {

template <class Key>
void launch_link(int64_t n, const Key& key, int32_t* heads, int32_t* next) {
  if (n <= 0) return;
  const LaunchShape shape = stride_shape(n);
  link_kernel<<<grid_of(shape), block_of(shape), 0, stream()>>>(n, key, heads, next);
  FR_CUDA(cudaGetLastError());
}

}  // namespace fr::launch_cuda
