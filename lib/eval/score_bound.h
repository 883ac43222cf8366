// How far an estimate of a score can be off that a matrix unit makes of two rows rounded to bf16. With a, b
// the f32 rows, a', b' the rounded ones, d values each, s = pair_score(a, b), e the estimate:
//   |s - e| <= |a - a'| |b| + |a'| |b - b'| + share(d) |a| |b|.
// share(d) holds for any order and any way of rounding. Products of two bf16 values are exact in f32. Let a
// sum be any tree of additions of two or more addends each, where a node cuts every addend off below 2^-23 of
// the largest one, and its result below 2^-23 of itself, in any direction (what is known of matrix units is
// better: 24 bits and more are kept, of 4 to 32 addends at a time). Over d + 64 leaves, 64 of them for
// padding, there are at most 2 (d + 64) addends and d + 64 results, each cut by less than 2^-23 P, P = sum
// |a'_k b'_k| (1 + …)
// <= |a'| |b'| (1 + …): 3 (d + 64) 2^-23. Two more (d + 64) 2^-23: pair_score's own chain (half of one) and
// all that the bound itself is rounded by; one to spare for the (1 + …), below 4/3 up to d = 2^19.
#pragma once
#include <cmath>
#include <cstdint>
#include <limits>

#include "core/bf16.h"
#include "core/device.h"

namespace fr {

inline constexpr int64_t kMostBoundDim = 1 << 19;

FR_HD inline float estimate_share(int64_t dim) { return 6 * static_cast<float>(dim + 64) * 0x1p-23f; }

// Of one row, both from above.
struct RowBound {
  float length = 0;  // |row| and |rounded row|
  float error = 0;   // |row - rounded row|
};

// Squares of a row's values and of their differences to the rounded ones, summed in f32 in any order.
struct RowSquares {
  float length = 0, error = 0;
  static FR_HD RowSquares identity() { return {}; }
  FR_HD RowSquares operator()(const RowSquares& a, const RowSquares& b) const {
    return {a.length + b.length, a.error + b.error};
  }
};

FR_HD inline RowSquares squares_of(float value) {
  const float difference = value - static_cast<float>(Bf16(value));  // exact
  return {value * value, difference * difference};
}

// Floors of 2^-60 and 2^-48 stand for what is lost below f32's range: squares, products and, in some units,
// operands taken for 0. A row whose products can overflow, or with a value that is no number, gets an
// infinite bound: all of its pairs pass.
FR_HD inline RowBound bound_of(const RowSquares& squares, int64_t dim) {
  const float up = 1 + estimate_share(dim);
  const float error = sqrtf(squares.error) * up + 0x1p-60f;
  const float length = sqrtf(squares.length) * up + error + 0x1p-48f;
  if (length <= 0x1p60f) return {length, error};
  constexpr float infinite = std::numeric_limits<float>::infinity();
  return {infinite, infinite};
}

// What decides for a probe which estimates pass; 16 bytes, so that a GPU reads it at once.
struct alignas(16) ProbeBound {
  float of_length = 0, of_error = 0;  // a pair's bound: of_length * gallery.length + of_error * gallery.error
  float cut = 0;
  float unused = 0;

  // Whether a pair's score can reach the cut. So can one whose bound or estimate is no number.
  FR_HD bool reaches(float estimate, const RowBound& gallery) const {
    return !(estimate + (of_length * gallery.length + of_error * gallery.error) < cut);
  }
};

FR_HD inline ProbeBound probe_bound(const RowBound& row, float cut, int64_t dim) {
  return {row.error + estimate_share(dim) * row.length, row.length, cut, 0};
}

}  // namespace fr
