// The grids and blocks of our kernels, from sizes alone, so that a machine without a GPU can test them. (Only
// core/counts_cuda.cuh asks the GPU how many blocks.)
#pragma once
#include <algorithm>
#include <cstdint>

namespace fr {

struct LaunchShape {
  unsigned grid_x = 1, grid_y = 1;    // blocks
  unsigned block_x = 1, block_y = 1;  // threads
};

inline constexpr int64_t kMostGridY = 65535;  // what every GPU allows

inline constexpr int kLaunchBlock = 256;         // threads
inline constexpr int64_t kStrideBlocks = 65535;  // enough for any GPU: a grid-stride loop does the rest

inline constexpr int kChainSide = 128;       // rows and columns of a block's tile in core/chains.cuh
inline constexpr int kChainThreads = 256;    // of a block: 16 x 16, with 8 x 8 products each
inline constexpr int kCountsThreads = 1024;  // of a block in core/counts.cuh
inline constexpr int kSelectRun = 8;         // rows whose loads are under way together in core/select.cuh
inline constexpr int kSelectRuns = 4;        // runs a thread at least, for the work of making its column

inline int64_t ceil_div(int64_t n, int64_t by) { return (n + by - 1) / by; }

inline LaunchShape stride_shape(int64_t threads) {
  return {.grid_x = static_cast<unsigned>(std::min(ceil_div(threads, kLaunchBlock), kStrideBlocks)),
          .block_x = kLaunchBlock};
}

inline LaunchShape stride_2d_shape(int64_t rows, int64_t cols) {
  LaunchShape shape = stride_shape(cols);
  shape.grid_y = static_cast<unsigned>(std::min(rows, kMostGridY));
  return shape;
}

inline LaunchShape select_shape(int64_t rows, int64_t cols) {
  return stride_2d_shape(ceil_div(rows, int64_t{kSelectRun} * kSelectRuns), cols);
}

// A block a tile, without a loop over more: of at most kMostChainRows rows.
inline constexpr int64_t kMostChainRows = kMostGridY * kChainSide;
inline LaunchShape chain_shape(int64_t rows, int64_t cols) {
  return {.grid_x = static_cast<unsigned>(ceil_div(cols, kChainSide)),
          .grid_y = static_cast<unsigned>(ceil_div(rows, kChainSide)),
          .block_x = kChainThreads};
}

}  // namespace fr
