// Our own mathematics on either device: functors with FR_HD operators, launched over dense row-major data.
// - launch(device, n, f): f(i) for every i; launch_2d(device, rows, cols, f): f(row, col) for every element.
// - launch_rows(device, rows, cols, map, combine, finish): per row, combine of map(row, col) over the
// columns,
//   then finish(row, value). Lane l of 32 combines columns l, l+32, … in order, then lanes l and l+16, l+8, …
//   combine: one fixed tree on CPU and GPU, whatever the number of threads.
// A functor writes only to places that belong to its own i, element or row. Included by .cu files only.
#pragma once
#include <cstdint>
#include <limits>

#include "core/device.h"
#include "core/parallel.h"

namespace fr {

template <class T>
struct Sum {
  static FR_HD T identity() { return T(0); }
  FR_HD T operator()(T a, T b) const { return a + b; }
};

// A NaN on either side stays, so that a broken value is seen and not dropped.
template <class T>
struct Max {
  static FR_HD T identity() { return -std::numeric_limits<T>::infinity(); }
  FR_HD T operator()(T a, T b) const { return b <= a ? a : (a != a ? a : b); }
};

// The simplest functors: a map that stores one value, a map of launch_rows that reads an array (cols), a
// finish that keeps each row's result.
template <class T>
struct Fill {
  T* to;
  T value;
  FR_HD void operator()(int64_t i) const { to[i] = value; }
};

template <class T>
struct Element {
  const T* x;  // (cols)
  FR_HD T operator()(int64_t, int64_t col) const { return x[col]; }
};

template <class T>
struct Keep {
  T* y;  // (rows)
  FR_HD void operator()(int64_t row, const T& value) const { y[row] = value; }
};

namespace launch_cpu {

inline constexpr int kLanes = 32;
inline constexpr int64_t kLeastWork = 8192;  // elements worth a thread

template <class Map, class Combine>
auto reduce_row(int64_t row, int64_t cols, const Map& map, const Combine& combine) {
  using Value = decltype(Combine::identity());
  Value lanes[kLanes];
  for (Value& lane : lanes) lane = Combine::identity();
  const int64_t whole = cols / kLanes * kLanes;
  for (int64_t col = 0; col < whole; col += kLanes) {
#pragma omp simd
    for (int l = 0; l < kLanes; ++l) lanes[l] = combine(lanes[l], map(row, col + l));
  }
  for (int64_t col = whole; col < cols; ++col)
    lanes[col - whole] = combine(lanes[col - whole], map(row, col));
  for (int distance = kLanes / 2; distance > 0; distance /= 2)
    for (int l = 0; l < distance; ++l) lanes[l] = combine(lanes[l], lanes[l + distance]);
  return lanes[0];
}

// Rows worth a thread when each has `cols` columns.
inline int64_t least_rows(int64_t cols) { return 1 + kLeastWork / (cols + 1); }

}  // namespace launch_cpu

template <class F>
void launch(Device device, int64_t n, const F& f) {
  if (device == Device::kCuda) return gpu::launch(n, f);
  parallel_ranges(n, launch_cpu::kLeastWork, [&](int64_t begin, int64_t end) {
    const F local = f;
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) local(i);
  });
}

template <class F>
void launch_2d(Device device, int64_t rows, int64_t cols, const F& f) {
  if (device == Device::kCuda) return gpu::launch_2d(rows, cols, f);
  parallel_ranges(rows, launch_cpu::least_rows(cols), [&](int64_t begin, int64_t end) {
    const F local = f;
    for (int64_t row = begin; row < end; ++row) {
#pragma omp simd
      for (int64_t col = 0; col < cols; ++col) local(row, col);
    }
  });
}

template <class Map, class Combine, class Finish>
void launch_rows(Device device, int64_t rows, int64_t cols, const Map& map, const Combine& combine,
                 const Finish& finish) {
  if (device == Device::kCuda) return gpu::launch_rows(rows, cols, map, combine, finish);
  parallel_ranges(rows, launch_cpu::least_rows(cols), [&](int64_t begin, int64_t end) {
    const Map local = map;
    for (int64_t row = begin; row < end; ++row)
      finish(row, launch_cpu::reduce_row(row, cols, local, combine));
  });
}

}  // namespace fr
