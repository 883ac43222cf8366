// Runs the kernels of *_kernels.cuh on a CPU, so that their indices, barriers and votes are
// tested where there is no GPU: a thread of the host for each thread of a block, block after block. Include
// it before them.
//
// Stricter than a GPU: all threads of a block meet at each __syncthreads and at the kernel's end, all 32
// lanes of a warp at each vote or shuffle, and whoever waits in vain is a failure. Races between threads are
// what the thread sanitizer sees (`make tsan`). What it cannot show: the GPU's own memory order, limits and
// speed.
#pragma once
#include <atomic>
#include <bit>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/launch_shape.h"

namespace fr::emulated {

// Where `count` threads wait for each other, as often as they like.
class Meeting {
 public:
  explicit Meeting(unsigned count) : count_(count) {}
  // `what` they came for must be the same for all.
  void arrive(const char* what) {
    std::unique_lock lock(mutex_);
    if (!failed_.empty()) throw std::runtime_error(failed_);
    if (arrived_ > 0 && what_ != what)
      fail(std::string("some threads are at ") + what_ + ", others at " + what);
    what_ = what;
    if (++arrived_ == count_) {
      arrived_ = 0;
      ++meetings_;
      all_here_.notify_all();
      return;
    }
    const auto together = [this, now = meetings_] { return meetings_ != now || !failed_.empty(); };
    if (!all_here_.wait_for(lock, std::chrono::seconds(20), together))
      fail(std::string("threads wait in vain at ") + what);
    if (!failed_.empty()) throw std::runtime_error(failed_);
  }

 private:
  [[noreturn]] void fail(const std::string& why) {
    failed_ = why;
    all_here_.notify_all();
    throw std::runtime_error(why);
  }
  const unsigned count_;
  std::mutex mutex_;
  std::condition_variable all_here_;
  unsigned arrived_ = 0;
  int64_t meetings_ = 0;
  const char* what_ = "";
  std::string failed_;
};

struct Warp {
  Meeting meeting{32};
  uint64_t lanes[32] = {};
};

struct Place {
  unsigned x = 0, y = 0;
};

// What a thread of the host knows of the thread of the GPU that it is.
struct Self {
  Meeting* block = nullptr;
  Warp* warp = nullptr;
  unsigned lane = 0;
  unsigned char* shared = nullptr;  // what the launch asked for
};
inline thread_local Self self;

// Shows all lanes the value of each.
template <class Get>
auto exchange(const char* what, uint64_t mine, const Get& get) {
  self.warp->lanes[self.lane] = mine;
  self.warp->meeting.arrive(what);
  const auto result = get(self.warp->lanes);
  self.warp->meeting.arrive(what);  // before anybody writes the next
  return result;
}

}  // namespace fr::emulated

// NOLINTBEGIN: the names that kernels use
#define __global__ static  // or a test would export what a program's own launches may be bound to
#define __device__
#define __shared__ static
#define __align__(n) __attribute__((aligned(n)))
#define __launch_bounds__(...)

struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};

inline thread_local fr::emulated::Place threadIdx, blockIdx, blockDim, gridDim;

inline void __syncthreads() { fr::emulated::self.block->arrive("__syncthreads"); }

inline int __shfl_down_sync(unsigned, int value, int distance) {
  const unsigned from = fr::emulated::self.lane + static_cast<unsigned>(distance);
  return fr::emulated::exchange("__shfl_down_sync", static_cast<unsigned>(value), [&](const uint64_t* lanes) {
    return from < 32 ? static_cast<int>(lanes[from]) : value;
  });
}
inline unsigned long long __shfl_sync(unsigned, unsigned long long value, int from) {
  return fr::emulated::exchange("__shfl_sync", value, [&](const uint64_t* lanes) { return lanes[from]; });
}
inline unsigned __ballot_sync(unsigned, bool vote) {
  return fr::emulated::exchange("__ballot_sync", vote ? 1 : 0, [](const uint64_t* lanes) {
    unsigned votes = 0;
    for (unsigned lane = 0; lane < 32; ++lane) votes |= static_cast<unsigned>(lanes[lane]) << lane;
    return votes;
  });
}
inline int __ffs(int bits) { return bits == 0 ? 0 : std::countr_zero(static_cast<unsigned>(bits)) + 1; }
inline int __popc(unsigned bits) { return std::popcount(bits); }

template <class T>
T atomicAdd(T* to, T value) {
  return std::atomic_ref(*to).fetch_add(value, std::memory_order_relaxed);
}
template <class T>
T atomicExch(T* to, T value) {
  return std::atomic_ref(*to).exchange(value, std::memory_order_relaxed);
}
// NOLINTEND

namespace fr::launch_cuda {
template <class T>
T* dynamic_shared() {
  return reinterpret_cast<T*>(emulated::self.shared);
}
}  // namespace fr::launch_cuda

namespace fr::emulated {

// Each thread of each block of the grid calls kernel(). Throws std::runtime_error where threads wait in vain.
inline void run(const LaunchShape& shape, const std::function<void()>& kernel, size_t shared_bytes = 0) {
  const unsigned threads = shape.block_x * shape.block_y;
  Meeting block(threads);
  std::vector<Warp> warps((threads + 31) / 32);
  std::vector<uint64_t> shared((shared_bytes + 7) / 8, 0xdeadbeefdeadbeef);
  std::string failed;
  std::mutex failing;
  const auto work = [&](unsigned thread) {
    self = {&block, &warps[thread / 32], thread % 32, reinterpret_cast<unsigned char*>(shared.data())};
    threadIdx = {thread % shape.block_x, thread / shape.block_x};
    blockDim = {shape.block_x, shape.block_y};
    gridDim = {shape.grid_x, shape.grid_y};
    try {
      for (unsigned y = 0; y < shape.grid_y; ++y) {
        for (unsigned x = 0; x < shape.grid_x; ++x) {
          blockIdx = {x, y};
          kernel();
          block.arrive("the end");
        }
      }
    } catch (const std::exception& error) {
      const std::lock_guard lock(failing);
      if (failed.empty()) failed = error.what();  // the others only miss whoever failed first
    }
  };
  {
    std::vector<std::jthread> all;
    for (unsigned thread = 0; thread < threads; ++thread) all.emplace_back(work, thread);
  }
  if (!failed.empty()) throw std::runtime_error(failed);
}

}  // namespace fr::emulated
