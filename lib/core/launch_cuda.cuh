// The device side of core/launch.cuh: grid-stride maps, and one warp a row whose 32 lanes and butterfly tree
// are exactly the lanes and the tree of the CPU path. For nvcc only; everything goes to the default stream.
#pragma once
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>

#include "core/cuda_check.cuh"

namespace fr::launch_cuda {

inline constexpr bool kCompiled = true;
inline constexpr int kBlock = 256;             // threads
inline constexpr int64_t kMostBlocks = 65535;  // a grid-stride loop does the rest

template <class F>
__global__ void map_kernel(int64_t n, F f) {
  for (int64_t i = blockIdx.x * int64_t{blockDim.x} + threadIdx.x; i < n;
       i += int64_t{gridDim.x} * blockDim.x)
    f(i);
}

template <class F>
__global__ void map_2d_kernel(int64_t rows, int64_t cols, F f) {
  for (int64_t row = blockIdx.y; row < rows; row += gridDim.y)
    for (int64_t col = blockIdx.x * int64_t{blockDim.x} + threadIdx.x; col < cols;
         col += int64_t{gridDim.x} * blockDim.x)
      f(row, col);
}

// One 32-bit word at a time, so that any accumulator of whole words can be shuffled.
template <class Value>
__device__ Value shuffle_down(const Value& value, int distance) {
  static_assert(sizeof(Value) % sizeof(int) == 0);
  constexpr int kWords = sizeof(Value) / sizeof(int);
  union Words {
    Value value;
    int word[kWords];
    __device__ Words() {}
  } words;
  words.value = value;
  for (int k = 0; k < kWords; ++k) words.word[k] = __shfl_down_sync(0xffffffffu, words.word[k], distance);
  return words.value;
}

template <class Map, class Combine, class Finish>
__global__ void rows_kernel(int64_t rows, int64_t cols, Map map, Combine combine, Finish finish) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int64_t warps = int64_t{gridDim.x} * (blockDim.x / 32);
  for (int64_t row = (blockIdx.x * int64_t{blockDim.x} + threadIdx.x) / 32; row < rows; row += warps) {
    auto value = Combine::identity();
    for (int64_t col = lane; col < cols; col += 32) value = combine(value, map(row, col));
    for (int distance = 16; distance > 0; distance /= 2)
      value = combine(value, shuffle_down(value, distance));
    if (lane == 0) finish(row, value);
  }
}

inline unsigned blocks_for(int64_t threads) {
  return static_cast<unsigned>(std::min((threads + kBlock - 1) / kBlock, kMostBlocks));
}

template <class F>
void launch(int64_t n, const F& f) {
  if (n <= 0) return;
  map_kernel<<<blocks_for(n), kBlock>>>(n, f);
  FR_CUDA(cudaGetLastError());
}

template <class F>
void launch_2d(int64_t rows, int64_t cols, const F& f) {
  if (rows <= 0 || cols <= 0) return;
  const dim3 grid(blocks_for(cols), static_cast<unsigned>(std::min(rows, kMostBlocks)));
  map_2d_kernel<<<grid, kBlock>>>(rows, cols, f);
  FR_CUDA(cudaGetLastError());
}

template <class Map, class Combine, class Finish>
void launch_rows(int64_t rows, int64_t cols, const Map& map, const Combine& combine, const Finish& finish) {
  if (rows <= 0) return;
  rows_kernel<<<blocks_for(rows * 32), kBlock>>>(rows, cols, map, combine, finish);
  FR_CUDA(cudaGetLastError());
}

}  // namespace fr::launch_cuda
