// What stands for core/launch_cuda.cuh in a build without nvcc: the same names, all of which refuse.
#pragma once
#include <cstdint>

#include "core/error.h"

namespace fr::launch_absent {

inline constexpr bool kCompiled = false;

template <class F>
void launch(int64_t, const F&) {
  fail("device cuda: this build has no CUDA code (nvcc was not found)");
}

template <class F>
void launch_2d(int64_t, int64_t, const F&) {
  fail("device cuda: this build has no CUDA code (nvcc was not found)");
}

template <class Map, class Combine, class Finish>
void launch_rows(int64_t, int64_t, const Map&, const Combine&, const Finish&) {
  fail("device cuda: this build has no CUDA code (nvcc was not found)");
}

}  // namespace fr::launch_absent
