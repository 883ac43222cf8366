// Launches of channel_kernels.cuh, by dtype and by how many values the channels and addresses let one access
// take.
#pragma once
#include "backend/cuda/channel_kernels.cuh"
#include "core/bf16.h"
#include "core/cuda_check.cuh"
#include "core/device.h"

namespace fr::cuda {

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
