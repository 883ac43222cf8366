// Kernels that run the functors of channels.cuh over NHWC memory (rows, c), rows = n h w: a thread keeps the
// parameters of its few channels in registers and walks down the rows, 16 bytes at a time where c allows.
//
// Sums: a block adds up one chunk of rows in f32 and in a fixed order, the next kernel (combine.cuh) the
// chunks in double.
#pragma once
#include <cstring>

#include "backend/cuda/channel_shapes.h"
#include "backend/cuda/combine.cuh"
#include "core/bf16.h"
#include "core/cuda_check.cuh"
#include "core/device.h"

namespace fr::cuda {

template <class T, int V>
__device__ void load(const T* from, float (&to)[V]) {
  if constexpr (V == 1) {
    to[0] = static_cast<float>(from[0]);
  } else {
    static_assert(sizeof(T) * V == sizeof(uint4));
    const uint4 word = *reinterpret_cast<const uint4*>(from);
    T values[V];
    memcpy(values, &word, sizeof word);
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

// A matrix (rows, c) of one dtype: NHWC memory.
struct ChannelMatrix {
  int64_t rows = 0, channels = 0;
  DType dtype = DType::kF32;
};

template <class T, int V, class F>
void launch_map(const ChannelMatrix& m, const void* a, const void* b, void* y, const F& f) {
  const LaunchShape shape = map_shape(m.rows, m.channels / V);
  map_channels_kernel<T, V><<<gpu::grid_of(shape), gpu::block_of(shape), 0, gpu::stream()>>>(
      m.rows, m.channels, static_cast<const T*>(a), static_cast<const T*>(b), static_cast<T*>(y), f);
  FR_CUDA(cudaGetLastError());
}

template <class T, int V, class F>
void launch_sums(const ChannelMatrix& m, const void* a, const void* b, void* y, const F& f, float* partial) {
  const LaunchShape shape = sum_shape(m.rows, m.channels / V);
  sum_channels_kernel<T, V><<<gpu::grid_of(shape), gpu::block_of(shape), 0, gpu::stream()>>>(
      chunks_for(m.rows), m.channels, static_cast<const T*>(a), static_cast<const T*>(b), static_cast<T*>(y),
      f, partial);
  FR_CUDA(cudaGetLastError());
}

inline bool on_16_bytes(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer) % 16 == 0; }

// body(T{}, std::integral_constant<int, V>{}) with the matrix' type, and the most values that its channels
// and addresses (null ones pass) let one access take.
template <class Body>
void with_access(const ChannelMatrix& m, const void* a, const void* b, const void* y, const Body& body) {
  const int64_t values = 16 / size_of(m.dtype);
  const bool wide = m.channels % values == 0 && on_16_bytes(a) && on_16_bytes(b) && on_16_bytes(y);
  if (m.dtype == DType::kBf16) {
    if (wide) return body(Bf16{}, std::integral_constant<int, 8>{});
    return body(Bf16{}, std::integral_constant<int, 1>{});
  }
  if (wide) return body(0.0f, std::integral_constant<int, 4>{});
  body(0.0f, std::integral_constant<int, 1>{});
}

template <class F>
void map_channels(const ChannelMatrix& m, const void* a, const void* b, void* y, const F& f) {
  with_access(m, a, b, y, [&](auto type, auto width) {
    launch_map<decltype(type), decltype(width)::value>(m, a, b, y, f);
  });
}

template <class F>
void sum_channels(const ChannelMatrix& m, const void* a, const void* b, void* y, const F& f, float* partial) {
  with_access(m, a, b, y, [&](auto type, auto width) {
    launch_sums<decltype(type), decltype(width)::value>(m, a, b, y, f, partial);
  });
}

// Bytes of the partial sums of sum_channels.
inline int64_t partial_bytes(const ChannelMatrix& m, int64_t sums) {
  return chunks_for(m.rows).count() * sums * m.channels * int64_t{4};
}

}  // namespace fr::cuda
