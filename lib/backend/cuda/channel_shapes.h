// How channel_kernels.cuh cuts NHWC memory (rows, c), rows = n h w, into blocks: by the shape alone, never by
// the GPU, so that sums repeat.
#pragma once
#include <algorithm>
#include <cstdint>

#include "core/device.h"
#include "core/launch_shape.h"

namespace fr::cuda {

inline constexpr unsigned kThreads = 256;     // of a block
inline constexpr int64_t kMostChunks = 1024;  // of rows

// Which rows of (rows, c) a chunk has.
struct Chunks {
  int64_t rows = 0, chunk = 1;  // all rows, and those of one chunk but the last
  FR_HD int64_t count() const { return (rows + chunk - 1) / chunk; }
  FR_HD int64_t size(int64_t i) const { return rows - i * chunk < chunk ? rows - i * chunk : chunk; }
};

inline Chunks chunks_for(int64_t rows) {
  constexpr int64_t kLeastRows = 64;
  return {rows, std::max(kLeastRows, ceil_div(rows, kMostChunks))};
}

// Threads of a block over groups of channels (x, a power of two up to 64) and over rows (y); blocks over all
// groups.
inline LaunchShape group_shape(int64_t groups) {
  unsigned x = 1;
  while (x < 64 && x < groups) x *= 2;
  return {.grid_x = static_cast<unsigned>(ceil_div(groups, x)), .block_x = x, .block_y = kThreads / x};
}

inline LaunchShape map_shape(int64_t rows, int64_t groups) {
  constexpr int64_t kRowsOfThread = 8;
  LaunchShape shape = group_shape(groups);
  shape.grid_y = static_cast<unsigned>(std::min(ceil_div(rows, kRowsOfThread * shape.block_y), kMostGridY));
  return shape;
}

// A block a chunk of rows.
inline LaunchShape sum_shape(int64_t rows, int64_t groups) {
  LaunchShape shape = group_shape(groups);
  shape.grid_y = static_cast<unsigned>(chunks_for(rows).count());
  return shape;
}

}  // namespace fr::cuda
