// What stands for core/launch_cuda.cuh in a build without nvcc: the same names, all of which refuse.
#pragma once
#include <cstdint>

#include <string>

#include "core/error.h"

namespace fr::launch_absent {

inline constexpr bool kCompiled = false;

inline std::string why_not() { return "this build has no CUDA code (nvcc was not found)"; }
[[noreturn]] inline void refuse() { fail("device cuda: {}", why_not()); }

template <class F>
void launch(int64_t, const F&) {
  refuse();
}

template <class F>
void launch_2d(int64_t, int64_t, const F&) {
  refuse();
}

template <class Map, class Combine, class Finish>
void launch_rows(int64_t, int64_t, const Map&, const Combine&, const Finish&) {
  refuse();
}

inline void* allocate(int64_t) { refuse(); }
inline void release(void*) noexcept {}
inline int64_t free_bytes() { refuse(); }
inline void copy(void*, const void*, int64_t) { refuse(); }
inline void fill_zero(void*, int64_t) { refuse(); }
inline void synchronize() { refuse(); }
inline void* allocate_pinned(int64_t) { refuse(); }
inline void release_pinned(void*) noexcept {}
inline void* make_side_stream() { refuse(); }
inline void release_side_stream(void*) noexcept {}
inline void copy_aside(void*, void*, const void*, int64_t) { refuse(); }
inline void side_after_work(void*) { refuse(); }
inline void work_after_side(void*) { refuse(); }
inline void synchronize_side(void*) { refuse(); }

template <class Select, class List>
void launch_select(int64_t, int64_t, const Select&, const List&) {
  refuse();
}

template <class Place>
void launch_counts(int64_t, int64_t, const Place&, int64_t*, int64_t) {
  refuse();
}

template <class Key>
void launch_link(int64_t, const Key&, int32_t*, int32_t*) {
  refuse();
}

template <class Tile>
void launch_chains(const Tile&) {
  refuse();
}

struct Event {
  Event() { refuse(); }
  void record() {}
  void wait() {}
  double seconds_since(const Event&) const { return 0; }
};
struct Graph {
  template <class Body>
  explicit Graph(const Body&) {
    refuse();
  }
  void launch() {}
};

}  // namespace fr::launch_absent
