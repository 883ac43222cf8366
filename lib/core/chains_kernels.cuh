// core/chains.cuh on a GPU: 128 x 128 products a block, 8 x 8 a thread, whose accumulators take k in order;
// no other order of additions exists here, so that a product has the chain's own bits. The kernel alone, as
// in core/launch_kernels.cuh.
#pragma once
#include <cmath>
#include <cstdint>

#include "core/chain_tile.h"
#include "core/launch_shape.h"

namespace fr::launch_cuda {

inline constexpr int kChainDepth = 8;              // k of both sides in shared memory at a time
inline constexpr int kChainLine = kChainSide + 4;  // floats of shared memory a k: rows 16 bytes aligned

// Thread t brings 4 values of row t / 2: those of k = 4 (t % 2) … from `k0` on. Rows past the end are read as
// the last one; what comes of them is not written.
__device__ inline float4 chain_load(const float* from, int64_t stride, int64_t first, int64_t count,
                                    int64_t k0) {
  const int64_t wanted = first + threadIdx.x / 2;
  const int64_t row = wanted < count ? wanted : count - 1;
  return *reinterpret_cast<const float4*>(from + row * stride + k0 + threadIdx.x % 2 * 4);
}

__device__ inline void chain_store(float (*to)[kChainLine], const float4& values) {
  const unsigned row = threadIdx.x / 2, k = threadIdx.x % 2 * 4;
  to[k][row] = values.x;
  to[k + 1][row] = values.y;
  to[k + 2][row] = values.z;
  to[k + 3][row] = values.w;
}

// Of a thread's 8 rows (or columns) 4 lie in each half of the tile: shared memory is read 16 bytes a lane.
__device__ inline int chain_place(int thread, int i) { return i / 4 * (kChainSide / 2) + thread * 4 + i % 4; }

__device__ inline void chain_operands(const float* line, int thread, float* eight) {
  const float4 low = *reinterpret_cast<const float4*>(line + chain_place(thread, 0));
  const float4 high = *reinterpret_cast<const float4*>(line + chain_place(thread, 4));
  eight[0] = low.x, eight[1] = low.y, eight[2] = low.z, eight[3] = low.w;
  eight[4] = high.x, eight[5] = high.y, eight[6] = high.z, eight[7] = high.w;
}

__device__ inline void chain_step(const float* a, const float* b, float (*sums)[8]) {
  float left[8], right[8];
  chain_operands(a, static_cast<int>(threadIdx.x) / 16, left);
  chain_operands(b, static_cast<int>(threadIdx.x) % 16, right);
#pragma unroll
  for (int i = 0; i < 8; ++i)
#pragma unroll
    for (int j = 0; j < 8; ++j) sums[i][j] = fmaf(left[i], right[j], sums[i][j]);
}

// 64 sums, 16 operands and 8 values on their way must stay in registers: two blocks a multiprocessor.
template <int kDepth>
__global__ void __launch_bounds__(kChainThreads, 2) chains_kernel(ChainTile t) {
  __shared__ __align__(16) float a[2][kDepth][kChainLine], b[2][kDepth][kChainLine];
  const int64_t row0 = int64_t{blockIdx.y} * kChainSide, col0 = int64_t{blockIdx.x} * kChainSide;
  float sums[8][8] = {};
  chain_store(a[0], chain_load(t.a, t.stride, row0, t.rows, 0));
  chain_store(b[0], chain_load(t.b, t.stride, col0, t.cols, 0));
  __syncthreads();
  int at = 0;
  int64_t k0 = 0;
  for (; k0 + kDepth < t.depth; k0 += kDepth, at ^= 1) {
    const float4 next_a = chain_load(t.a, t.stride, row0, t.rows, k0 + kDepth);
    const float4 next_b = chain_load(t.b, t.stride, col0, t.cols, k0 + kDepth);
#pragma unroll
    for (int k = 0; k < kDepth; ++k) chain_step(a[at][k], b[at][k], sums);
    chain_store(a[at ^ 1], next_a);
    chain_store(b[at ^ 1], next_b);
    __syncthreads();
  }
  for (int k = 0; k < t.depth - k0; ++k) chain_step(a[at][k], b[at][k], sums);
  const int y = static_cast<int>(threadIdx.x) / 16, x = static_cast<int>(threadIdx.x) % 16;
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    const int64_t row = row0 + chain_place(y, i);
    if (row >= t.rows) continue;
#pragma unroll
    for (int j = 0; j < 8; ++j) {
      const int64_t col = col0 + chain_place(x, j);
      if (col < t.cols) t.out[row * t.out_stride + col] = sums[i][j];
    }
  }
}

}  // namespace fr::launch_cuda
