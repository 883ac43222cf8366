// Rows on a device, as they are and rounded to bf16, with what bounds the difference.
#pragma once
#include <cstdint>

#include "core/bf16.h"
#include "core/tensor.h"
#include "eval/score_bound.h"

namespace fr {

class DeviceRows {
 public:
  DeviceRows(Device device, int64_t rows, int64_t dim);  // of zeros past `dim`, once they are written
  // Floats between rows: dim rounded up to 8, for 16-byte loads and matrix units.
  static int64_t stride_of(int64_t dim) { return (dim + 7) / 8 * 8; }
  static int64_t bytes_of(int64_t dim) { return stride_of(dim) * 6 + int64_t{sizeof(RowBound)}; }  // a row

  // From f32 rows [first, first + count), written before, padding included, makes the others.
  void round(int64_t first, int64_t count);

  int64_t stride() const { return stride_of(dim_); }
  float* f32(int64_t row) const { return reinterpret_cast<float*>(f32_.data()) + row * stride(); }
  Bf16* bf16(int64_t row) const { return reinterpret_cast<Bf16*>(bf16_.data()) + row * stride(); }
  RowBound* bounds(int64_t row) const { return reinterpret_cast<RowBound*>(bounds_.data()) + row; }

 private:
  Device device_;
  int64_t dim_;
  Memory f32_, bf16_, bounds_;  // (rows, stride), (rows, stride), (rows)
};

}  // namespace fr
