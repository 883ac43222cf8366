// Launches of core/select.cuh on a GPU.
#pragma once
#include <cstdint>

#include "core/launch_cuda.cuh"
#include "core/select_kernels.cuh"

namespace fr::launch_cuda {

template <class Select, class Item>
void launch_select(int64_t rows, int64_t cols, const Select& select, const Selected<Item>& selected) {
  if (rows <= 0 || cols <= 0) return;
  const LaunchShape shape = select_shape(rows, cols);
  select_kernel<<<grid_of(shape), block_of(shape), 0, stream()>>>(rows, cols, select, selected);
  FR_CUDA(cudaGetLastError());
}

}  // namespace fr::launch_cuda
