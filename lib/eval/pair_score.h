// The score of a pair, by definition, so that no thread, batch or tile can change a bit of it.
// - pair lists (dot, squared_distance): f64, products rounded before they are added, summed in numpy's
// pairwise
//   order (spec 7.2), which equals the reference code's np.sum over the last axis;
// - streamed protocols (pair_score): f32, one chain of fused multiply-adds in order (design 8).
#pragma once
#include <cmath>
#include <cstdint>

#include "core/device.h"

namespace fr {

// Sum of term(0) … term(n-1) in numpy's pairwise order: below 8 in sequence, up to 128 by eight strided
// accumulators, longer ranges halved at a multiple of 8.
template <class Real, class Term>
Real pairwise_sum(int64_t begin, int64_t n, const Term& term) {
  if (n < 8) {
    Real sum = 0;
    for (int64_t k = 0; k < n; ++k) sum += term(begin + k);
    return sum;
  }
  if (n <= 128) {
    Real r[8];
    for (int64_t j = 0; j < 8; ++j) r[j] = term(begin + j);
    int64_t k = 8;
    for (; k < n - n % 8; k += 8) {
      for (int64_t j = 0; j < 8; ++j) r[j] += term(begin + k + j);
    }
    Real sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    for (; k < n; ++k) sum += term(begin + k);
    return sum;
  }
  const int64_t half = n / 2 - (n / 2) % 8;
  return pairwise_sum<Real>(begin, half, term) + pairwise_sum<Real>(begin + half, n - half, term);
}

// sum_k (a_k - b_k)^2 of a, b (d): the score of spec 6.1, 0 … 4 for unit vectors.
inline double squared_distance(const double* a, const double* b, int64_t d) {
  return pairwise_sum<double>(0, d, [=](int64_t k) {
    const double difference = a[k] - b[k];
    return difference * difference;
  });
}

// sum_k a_k b_k of a, b (d): the score of spec 6.4, -1 … 1 for unit vectors.
inline double dot(const double* a, const double* b, int64_t d) {
  return pairwise_sum<double>(0, d, [=](int64_t k) { return a[k] * b[k]; });
}

// a . b of f32 rows a, b (d): the score of every streamed protocol.
FR_HD inline float pair_score(const float* a, const float* b, int64_t d) {
  float sum = 0;
  for (int64_t k = 0; k < d; ++k) sum = fmaf(a[k], b[k], sum);
  return sum;
}

// Euclidean norm of v (d), in v's own precision.
template <class Real>
Real norm(const Real* v, int64_t d) {
  return std::sqrt(pairwise_sum<Real>(0, d, [=](int64_t k) { return v[k] * v[k]; }));
}

// The same of f32 values, in f64.
inline double wide_norm(const float* v, int64_t d) {
  return std::sqrt(pairwise_sum<double>(
      0, d, [=](int64_t k) { return static_cast<double>(v[k]) * static_cast<double>(v[k]); }));
}

}  // namespace fr
