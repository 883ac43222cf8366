// Kernels that run the functors of channels.cuh over NHWC memory (rows, c), rows = n h w: a thread keeps the
// parameters of its few channels in registers and walks down the rows, 16 bytes at a time where c allows.
// Apart from their launches, as in core/launch_kernels.cuh.
//
// Sums: a block adds up one chunk of rows in f32 and in a fixed order, the next kernel (combine.cuh) the
// chunks in double.
#pragma once
#include <cstring>

#include "backend/cuda/channel_shapes.h"

namespace fr::cuda {

template <class T, int V>
__device__ void load(const T* from, float (&to)[V]) {
  if constexpr (V == 1) {
    to[0] = static_cast<float>(from[0]);
  } else {
    static_assert(sizeof(T) * V == sizeof(uint4));
    const uint4 word = *reinterpret_cast<const uint4*>(from);
    T values[V];
    memcpy(static_cast<void*>(values), &word, sizeof word);
    for (int j = 0; j < V; ++j) to[j] = static_cast<float>(values[j]);
  }
}

template <class T, int V>
__device__ void store(const float (&from)[V], T* to) {
  if constexpr (V == 1) {
    to[0] = T(from[0]);
  } else {
    T values[V];
    for (int j = 0; j < V; ++j) values[j] = T(from[j]);
    uint4 word;
    memcpy(&word, values, sizeof word);
    *reinterpret_cast<uint4*>(to) = word;
  }
}

// y = f(a, b); b may be null, y may be a or b.
template <class T, int V, class F>
__global__ void map_channels_kernel(int64_t rows, int64_t channels, const T* a, const T* b, T* y, F f) {
  const int64_t c = (int64_t{blockIdx.x} * blockDim.x + threadIdx.x) * V;
  if (c >= channels) return;
  typename F::Channel channel[V];
  for (int j = 0; j < V; ++j) channel[j] = f.channel(c + j, 0.0f);
  const int64_t step = int64_t{gridDim.y} * blockDim.y;
  for (int64_t row = int64_t{blockIdx.y} * blockDim.y + threadIdx.y; row < rows; row += step) {
    const int64_t at = row * channels + c;
    float left[V], right[V] = {}, out[V];
    load<T, V>(a + at, left);
    if (b != nullptr) load<T, V>(b + at, right);
    for (int j = 0; j < V; ++j) out[j] = f(channel[j], left[j], right[j]);
    store<T, V>(out, y + at);
  }
}

// partial (chunks, kSums, c) overwritten with the sums of f(a, b), and y with its values where y is given.
// blockDim.y is a power of two.
template <class T, int V, class F>
__global__ void sum_channels_kernel(Chunks chunks, int64_t channels, const T* a, const T* b, T* y, F f,
                                    float* partial) {
  constexpr int kSums = F::kSums;
  __shared__ float shared[V * kSums][kThreads];
  const int64_t c = (int64_t{blockIdx.x} * blockDim.x + threadIdx.x) * V;
  float sums[V][kSums] = {};
  if (c < channels) {
    const int64_t begin = blockIdx.y * chunks.chunk, end = begin + chunks.size(blockIdx.y);
    float left[V], right[V] = {}, out[V];
    typename F::Channel channel[V];
    load<T, V>(a + begin * channels + c, left);
    for (int j = 0; j < V; ++j) channel[j] = f.channel(c + j, left[j]);
    for (int64_t row = begin + threadIdx.y; row < end; row += blockDim.y) {
      const int64_t at = row * channels + c;
      load<T, V>(a + at, left);
      if (b != nullptr) load<T, V>(b + at, right);
      for (int j = 0; j < V; ++j) out[j] = f(channel[j], left[j], right[j], sums[j]);
      if (y != nullptr) store<T, V>(out, y + at);
    }
  }
  const unsigned thread = threadIdx.y * blockDim.x + threadIdx.x;
  for (int j = 0; j < V; ++j)
    for (int k = 0; k < kSums; ++k) shared[j * kSums + k][thread] = sums[j][k];
  for (unsigned half = blockDim.y / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.y >= half) continue;
    for (int i = 0; i < V * kSums; ++i) shared[i][thread] += shared[i][thread + half * blockDim.x];
  }
  if (threadIdx.y != 0 || c >= channels) return;
  for (int j = 0; j < V; ++j)
    for (int k = 0; k < kSums; ++k)
      partial[(blockIdx.y * int64_t{kSums} + k) * channels + c + j] = shared[j * kSums + k][thread];
}

}  // namespace fr::cuda
