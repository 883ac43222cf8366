// The header of OpenCV's matrix files, the form of MegaFace features and of a Trillion-Pairs submission
// (spec 4.5, 4.7); the values follow it, row after row, little endian.
#pragma once
#include <cstdint>

namespace fr {

inline constexpr int32_t kMatrixFloat = 5, kMatrixDouble = 6;  // OpenCV's CV_32F, CV_64F

struct MatrixHeader {
  int32_t rows = 0, cols = 0;
  int32_t stride = 0;  // bytes from row to row
  int32_t type = 0;    // kMatrixFloat or kMatrixDouble
};
static_assert(sizeof(MatrixHeader) == 16);

// Of (rows, cols) f32.
inline MatrixHeader float_matrix_header(int64_t rows, int64_t cols) {
  return {static_cast<int32_t>(rows), static_cast<int32_t>(cols), static_cast<int32_t>(4 * cols),
          kMatrixFloat};
}

}  // namespace fr
