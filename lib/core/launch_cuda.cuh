// The GPU behind core/launch.cuh, core/device_memory.h and what else is `gpu::`: launches, memory, streams,
// events, graphs. For nvcc only; everything goes to stream().
#pragma once
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/cuda_check.cuh"
#include "core/launch_kernels.cuh"
#include "core/launch_shape.h"

namespace fr::launch_cuda {

inline constexpr bool kCompiled = true;

// The one stream of this process: kernels, copies, cuBLAS and cuDNN, in the order of the calls. Not the
// default one, which cannot be captured.
inline cudaStream_t stream() {
  static const cudaStream_t made = [] {
    cudaStream_t fresh{};
    FR_CUDA(cudaStreamCreateWithFlags(&fresh, cudaStreamNonBlocking));
    return fresh;
  }();
  return made;
}

// The shared memory that a launch asks for.
template <class T>
__device__ T* dynamic_shared() {
  extern __shared__ __align__(16) unsigned char shared_bytes[];
  return reinterpret_cast<T*>(shared_bytes);
}

inline dim3 grid_of(const LaunchShape& shape) { return {shape.grid_x, shape.grid_y}; }
inline dim3 block_of(const LaunchShape& shape) { return {shape.block_x, shape.block_y}; }

template <class F>
void launch(int64_t n, const F& f) {
  if (n <= 0) return;
  const LaunchShape shape = stride_shape(n);
  map_kernel<<<grid_of(shape), block_of(shape), 0, stream()>>>(n, f);
  FR_CUDA(cudaGetLastError());
}

template <class F>
void launch_2d(int64_t rows, int64_t cols, const F& f) {
  if (rows <= 0 || cols <= 0) return;
  const LaunchShape shape = stride_2d_shape(rows, cols);
  map_2d_kernel<<<grid_of(shape), block_of(shape), 0, stream()>>>(rows, cols, f);
  FR_CUDA(cudaGetLastError());
}

template <class Map, class Combine, class Finish>
void launch_rows(int64_t rows, int64_t cols, const Map& map, const Combine& combine, const Finish& finish) {
  if (rows <= 0) return;
  const LaunchShape shape = stride_shape(rows * 32);
  rows_kernel<<<grid_of(shape), block_of(shape), 0, stream()>>>(rows, cols, map, combine, finish);
  FR_CUDA(cudaGetLastError());
}

inline std::string why_not() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess) return std::string("no usable GPU: ") + cudaGetErrorString(status);
  return count > 0 ? "" : "no GPU in this machine";
}

inline void* allocate(int64_t bytes) {
  void* data = nullptr;
  const cudaError_t status = cudaMalloc(&data, static_cast<size_t>(std::max<int64_t>(bytes, 1)));
  if (status == cudaErrorMemoryAllocation) {
    size_t free = 0, total = 0;
    cudaGetLastError();
    cudaMemGetInfo(&free, &total);
    fail("GPU memory: {} MB asked for, {} of {} MB free", bytes >> 20, free >> 20, total >> 20);
  }
  FR_CUDA(status);
  return data;
}
inline void release(void* data) noexcept { cudaFree(data); }
inline int64_t free_bytes() {
  size_t free = 0, total = 0;
  FR_CUDA(cudaMemGetInfo(&free, &total));
  return static_cast<int64_t>(free);
}

// Either side may be host memory; ordered with everything else on the stream. Copies from or to pageable host
// memory are done with it when they return.
inline void copy(void* to, const void* from, int64_t bytes) {
  FR_CUDA(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), cudaMemcpyDefault, stream()));
}
inline void fill_zero(void* to, int64_t bytes) {
  FR_CUDA(cudaMemsetAsync(to, 0, static_cast<size_t>(bytes), stream()));
}
inline void synchronize() { FR_CUDA(cudaStreamSynchronize(stream())); }

// Host memory that the GPU reads while the host goes on.
inline void* allocate_pinned(int64_t bytes) {
  void* data = nullptr;
  FR_CUDA(cudaMallocHost(&data, static_cast<size_t>(std::max<int64_t>(bytes, 1))));
  return data;
}
inline void release_pinned(void* data) noexcept { cudaFreeHost(data); }

// Further streams, for copies alone (core/copy_stream.h). `then` goes on when `first` has done what it was
// given so far.
inline void order_streams(cudaStream_t first, cudaStream_t then) {
  cudaEvent_t done{};
  FR_CUDA(cudaEventCreateWithFlags(&done, cudaEventDisableTiming));
  const cudaError_t recorded = cudaEventRecord(done, first);
  const cudaError_t waited = recorded == cudaSuccess ? cudaStreamWaitEvent(then, done, 0) : recorded;
  cudaEventDestroy(done);  // goes when both streams are past it
  FR_CUDA(waited);
}
inline void* make_side_stream() {
  cudaStream_t made{};
  FR_CUDA(cudaStreamCreateWithFlags(&made, cudaStreamNonBlocking));
  return made;
}
inline void release_side_stream(void* side) noexcept {
  cudaStreamSynchronize(static_cast<cudaStream_t>(side));
  cudaStreamDestroy(static_cast<cudaStream_t>(side));
}
inline void copy_aside(void* side, void* to, const void* from, int64_t bytes) {
  FR_CUDA(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), cudaMemcpyDefault,
                          static_cast<cudaStream_t>(side)));
}
inline void side_after_work(void* side) { order_streams(stream(), static_cast<cudaStream_t>(side)); }
inline void work_after_side(void* side) { order_streams(static_cast<cudaStream_t>(side), stream()); }
inline void synchronize_side(void* side) { FR_CUDA(cudaStreamSynchronize(static_cast<cudaStream_t>(side))); }

// A point in the order of stream()'s work.
class Event {
 public:
  Event() { FR_CUDA(cudaEventCreate(&event_)); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  void record() { FR_CUDA(cudaEventRecord(event_, stream())); }
  void wait() { FR_CUDA(cudaEventSynchronize(event_)); }
  // Between two recorded events, once both have passed.
  double seconds_since(const Event& earlier) const {
    float milliseconds = 0;
    FR_CUDA(cudaEventElapsedTime(&milliseconds, earlier.event_, event_));
    return static_cast<double>(milliseconds) * 1e-3;
  }

 private:
  cudaEvent_t event_{};
};

// The work that `body` puts on stream(), kept to be put there again at the cost of one launch.
class Graph {
 public:
  template <class Body>
  explicit Graph(const Body& body) {
    FR_CUDA(cudaStreamBeginCapture(stream(), cudaStreamCaptureModeThreadLocal));
    cudaGraph_t graph{};
    try {
      body();
    } catch (...) {
      cudaStreamEndCapture(stream(), &graph);
      if (graph != nullptr) cudaGraphDestroy(graph);
      cudaGetLastError();  // or the next launch would report it again
      throw;
    }
    cudaError_t status = cudaStreamEndCapture(stream(), &graph);
    if (status == cudaSuccess) {
      status = cudaGraphInstantiate(&executable_, graph, 0);
      cudaGraphDestroy(graph);
    }
    if (status != cudaSuccess) cudaGetLastError();
    FR_CUDA(status);
  }
  ~Graph() { cudaGraphExecDestroy(executable_); }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  void launch() { FR_CUDA(cudaGraphLaunch(executable_, stream())); }

 private:
  cudaGraphExec_t executable_{};
};

}  // namespace fr::launch_cuda
