// The device side of core/lists.cuh.
#pragma once
#include <cstdint>

#include "core/launch_cuda.cuh"

namespace fr::launch_cuda {

template <class Key>
__global__ void link_kernel(int64_t n, Key key, int32_t* heads, int32_t* next) {
  for (int64_t i = blockIdx.x * int64_t{blockDim.x} + threadIdx.x; i < n;
       i += int64_t{gridDim.x} * blockDim.x)
    next[i] = atomicExch(heads + key(i), static_cast<int32_t>(i));
}

template <class Key>
void launch_link(int64_t n, const Key& key, int32_t* heads, int32_t* next) {
  if (n <= 0) return;
  const LaunchShape shape = stride_shape(n);
  link_kernel<<<grid_of(shape), block_of(shape), 0, stream()>>>(n, key, heads, next);
  FR_CUDA(cudaGetLastError());
}

}  // namespace fr::launch_cuda
