// core/lists.cuh on a GPU. The kernel alone, as in core/launch_kernels.cuh.
#pragma once
#include <cstdint>

namespace fr::launch_cuda {

template <class Key>
__global__ void link_kernel(int64_t n, Key key, int32_t* heads, int32_t* next) {
  for (int64_t i = blockIdx.x * int64_t{blockDim.x} + threadIdx.x; i < n;
       i += int64_t{gridDim.x} * blockDim.x)
    next[i] = atomicExch(heads + key(i), static_cast<int32_t>(i));
}

}  // namespace fr::launch_cuda
