// The five reference landmarks of an aligned crop and the least-squares similarity onto them
// (spec/05 5.1, 5.2).
#pragma once
#include <array>
#include <cstddef>
#include <limits>

namespace fr {

// x1 y1 … x5 y5: left-image eye, right-image eye, nose tip, left and right mouth corner; pixels of a 112x112
// crop.
using Landmarks = std::array<float, 10>;
// x is that of the 96x112 template plus 8, added in f32 as the reference does.
inline constexpr Landmarks kReferenceLandmarks = {30.2946f + 8, 51.6963f, 65.5318f + 8, 51.5014f,
                                                  48.0252f + 8, 71.7366f, 33.5493f + 8, 92.3655f,
                                                  62.7299f + 8, 92.2041f};

// (x, y) -> (a x - b y + tx, b x + a y + ty).
struct Similarity {
  double a = 1, b = 0, tx = 0, ty = 0;
};

// The similarity that minimises the summed squared distances source -> destination; all NaN when the five
// source points coincide. Equals Umeyama's estimate with scale (spec/05 5.2, closed form in two dimensions).
inline Similarity fit_similarity(const Landmarks& source, const Landmarks& destination) {
  bool coincide = true;  // tested exactly: rounding would leave a norm of 1e-30 and a matrix of noise
  for (size_t i = 2; i < 10; ++i) coincide = coincide && source[i] == source[i - 2];
  if (coincide) {
    constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
    return {kNaN, kNaN, kNaN, kNaN};
  }
  double mean[4] = {};
  for (int i = 0; i < 5; ++i)
    for (int axis = 0; axis < 2; ++axis) {
      mean[axis] += source[static_cast<size_t>(2 * i + axis)] / 5.0;
      mean[2 + axis] += destination[static_cast<size_t>(2 * i + axis)] / 5.0;
    }
  double dot = 0, cross = 0, norm = 0;
  for (size_t i = 0; i < 10; i += 2) {
    const double sx = source[i] - mean[0], sy = source[i + 1] - mean[1];
    const double dx = destination[i] - mean[2], dy = destination[i + 1] - mean[3];
    dot += sx * dx + sy * dy;
    cross += sx * dy - sy * dx;
    norm += sx * sx + sy * sy;
  }
  const double a = dot / norm, b = cross / norm;
  return {a, b, mean[2] - a * mean[0] + b * mean[1], mean[3] - b * mean[0] - a * mean[1]};
}

}  // namespace fr
