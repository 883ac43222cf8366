#include "eval/score_rows.h"

#include "core/launch.cuh"

namespace fr {

namespace {

struct Round {
  const float* from;
  Bf16* to;
  FR_HD void operator()(int64_t i) const { to[i] = Bf16(from[i]); }
};

struct Squares {
  const float* rows;
  int64_t stride;
  FR_HD RowSquares operator()(int64_t row, int64_t k) const { return squares_of(rows[row * stride + k]); }
};

struct Bound {
  RowBound* bounds;
  int64_t dim;
  FR_HD void operator()(int64_t row, const RowSquares& squares) const {
    bounds[row] = bound_of(squares, dim);
  }
};

}  // namespace

DeviceRows::DeviceRows(Device device, int64_t rows, int64_t dim)
    : device_(device),
      dim_(dim),
      f32_(rows * stride() * 4, device),
      bf16_(rows * stride() * 2, device),
      bounds_(rows * int64_t{sizeof(RowBound)}, device) {}

void DeviceRows::round(int64_t first, int64_t count) {
  launch(device_, count * stride(), Round{f32(first), bf16(first)});
  launch_rows(device_, count, dim_, Squares{f32(first), stride()}, RowSquares{}, Bound{bounds(first), dim_});
}

}  // namespace fr
