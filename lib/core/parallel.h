// Host threads: one OpenMP pool, the one oneDNN uses as well. Results never depend on how a range was split.
#pragma once
#include <omp.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>

namespace fr {

inline int thread_count() { return omp_get_max_threads(); }
inline void set_thread_count(int threads) { omp_set_num_threads(threads); }

// body(i) for i in [0, count), statically divided; body must not throw and must write only to its own places.
template <class Body>
void parallel_for(int64_t count, const Body& body) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < count; ++i) body(i);
}

// The same for bodies of unequal length: each thread takes the next i when it is done with one.
template <class Body>
void parallel_tasks(int64_t count, const Body& body) {
#pragma omp parallel for schedule(dynamic)
  for (int64_t i = 0; i < count; ++i) body(i);
}

// body(i) for i in [0, count), dynamically divided; body may throw: what it threw for the least i is thrown
// again.
template <class Body>
void parallel_for_throwing(int64_t count, const Body& body) {
  std::atomic<int64_t> failed = count;  // the least i that threw so far
  std::exception_ptr failure;
  std::mutex mutex;
#pragma omp parallel for schedule(dynamic, 16)
  for (int64_t i = 0; i < count; ++i) {
    if (i > failed) continue;
    try {
      body(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (i < failed) failure = std::current_exception();
      if (i < failed) failed = i;
    }
  }
  if (failure) std::rethrow_exception(failure);
}

// body(begin, end) once per thread on contiguous ranges of [0, count); fewer threads when a range would be
// shorter than `least`.
template <class Body>
void parallel_ranges(int64_t count, int64_t least, const Body& body) {
  int64_t ranges = count / (least > 0 ? least : 1);
  if (ranges > thread_count()) ranges = thread_count();
  if (ranges <= 1) {
    if (count > 0) body(int64_t{0}, count);
    return;
  }
#pragma omp parallel for schedule(static, 1)
  for (int64_t r = 0; r < ranges; ++r) body(count * r / ranges, count * (r + 1) / ranges);
}

}  // namespace fr
