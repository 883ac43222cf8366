// launch_chains: products of rows where each is one chain of fused multiply-adds over k = 0 … depth-1, from
// +0: the same bits whatever the device, the tile and the threads. Included by .cu files only.
#pragma once
#include <cmath>
#include <cstdint>

#include "core/chain_tile.h"
#include "core/device.h"
#include "core/parallel.h"

namespace fr {

inline void launch_chains(Device device, const ChainTile& t) {
  if (device == Device::kCuda) return gpu::launch_chains(t);
  parallel_ranges(t.rows, 1, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      for (int64_t c = 0; c < t.cols; ++c) {
        float sum = 0;
        for (int64_t k = 0; k < t.depth; ++k) sum = fmaf(t.a[r * t.stride + k], t.b[c * t.stride + k], sum);
        t.out[r * t.out_stride + c] = sum;
      }
    }
  });
}

}  // namespace fr
