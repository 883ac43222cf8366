// What core/chains.cuh multiplies, in memory of its device.
#pragma once
#include <cstdint>

namespace fr {

// out[r * out_stride + c] = row r of a . row c of b, overwritten. `stride`: floats between rows of a and of
// b, a multiple of 8, and both start at multiples of 16 bytes; the floats past `depth` are read and not used.
struct ChainTile {
  const float* a = nullptr;  // (rows, depth)
  const float* b = nullptr;  // (cols, depth)
  float* out = nullptr;      // (rows, cols)
  int64_t rows = 0, cols = 0, depth = 0, stride = 0, out_stride = 0;
};

}  // namespace fr
