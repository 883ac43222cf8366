// What core/launch.cuh launches on a GPU: grid-stride maps, and one warp a row whose 32 lanes and butterfly
// tree are exactly the lanes and the tree of the CPU path. Kernels apart from their launches, so that
// tests/support/emulated_gpu.h can run them on a CPU.
#pragma once
#include <cstdint>

namespace fr::launch_cuda {

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

}  // namespace fr::launch_cuda
