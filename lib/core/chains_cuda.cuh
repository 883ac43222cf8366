// Launches of core/chains.cuh on a GPU.
#pragma once
#include <algorithm>
#include <cstdint>

#include "core/chains_kernels.cuh"
#include "core/launch_cuda.cuh"

namespace fr::launch_cuda {

// A template, so that only files that call it compile the kernel.
template <class Tile>
void launch_chains(const Tile& tile) {
  if (tile.cols <= 0) return;
  for (int64_t first = 0; first < tile.rows; first += kMostChainRows) {
    Tile part = tile;
    part.a += first * tile.stride;
    part.out += first * tile.out_stride;
    part.rows = std::min(kMostChainRows, tile.rows - first);
    const LaunchShape shape = chain_shape(part.rows, part.cols);
    chains_kernel<kChainDepth><<<grid_of(shape), block_of(shape), 0, stream()>>>(part);
    FR_CUDA(cudaGetLastError());
  }
}

}  // namespace fr::launch_cuda
