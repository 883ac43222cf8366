// The columns of a convolution and back: NHWC memory <-> columns (groups, positions, kernel kernel,
// c/groups), positions = n h' w'. Arithmetic of both host and device, tested on the host.
#pragma once
#include <cstdint>

#include "backend/backend.h"
#include "core/device.h"

namespace fr::cuda {

struct ColumnPlaces {
  int64_t kernel, stride, pad, groups, inputs;  // inputs: c/groups
  int64_t height, width;                        // of x
  int64_t out_height, out_width;                // of y
  int64_t positions;                            // images h' w'

  ColumnPlaces(const ConvGeometry& g, const Shape& x, const Shape& y, int64_t images)
      : kernel(g.kernel),
        stride(g.stride),
        pad(g.pad),
        groups(g.groups),
        inputs(x.c / g.groups),
        height(x.h),
        width(x.w),
        out_height(y.h),
        out_width(y.w),
        positions(images * y.plane()) {}
  FR_HD int64_t columns() const { return groups * positions * kernel * kernel * inputs; }
};

// Element i of the columns: x where the tap meets the image, else 0.
template <class T>
struct ToColumns {
  ColumnPlaces at;
  const T* x;  // (images, height, width, c)
  T* columns;
  FR_HD void operator()(int64_t i) const {
    const int64_t inner = i % at.inputs, tap = i / at.inputs % (at.kernel * at.kernel);
    const int64_t outer = i / at.inputs / (at.kernel * at.kernel);
    const int64_t position = outer % at.positions, group = outer / at.positions;
    const int64_t n = position / (at.out_height * at.out_width);
    const int64_t row = position / at.out_width % at.out_height * at.stride - at.pad + tap / at.kernel;
    const int64_t column = position % at.out_width * at.stride - at.pad + tap % at.kernel;
    const bool inside = row >= 0 && row < at.height && column >= 0 && column < at.width;
    const int64_t place = (n * at.height + row) * at.width + column;
    columns[i] = inside ? x[place * at.groups * at.inputs + group * at.inputs + inner] : T(0.0f);
  }
};

// Element i of dx (images, height, width, c): the sum of its places in the columns, in the order of the taps.
template <class T>
struct FromColumns {
  ColumnPlaces at;
  const float* columns;
  T* dx;
  FR_HD void operator()(int64_t i) const {
    const int64_t channels = at.groups * at.inputs;
    const int64_t c = i % channels, place = i / channels;
    const int64_t column = place % at.width, row = place / at.width % at.height;
    const int64_t n = place / at.width / at.height;
    float sum = 0;
    for (int64_t kh = 0; kh < at.kernel; ++kh) {
      const int64_t down = row + at.pad - kh;
      if (down < 0 || down % at.stride != 0 || down / at.stride >= at.out_height) continue;
      for (int64_t kw = 0; kw < at.kernel; ++kw) {
        const int64_t right = column + at.pad - kw;
        if (right < 0 || right % at.stride != 0 || right / at.stride >= at.out_width) continue;
        const int64_t position = (n * at.out_height + down / at.stride) * at.out_width + right / at.stride;
        const int64_t outer = c / at.inputs * at.positions + position;
        sum += columns[(outer * at.kernel * at.kernel + kh * at.kernel + kw) * at.inputs + c % at.inputs];
      }
    }
    dx[i] = T(sum);
  }
};

}  // namespace fr::cuda
