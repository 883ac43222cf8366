// Landmarks -> aligned crop: the similarity onto the reference landmarks (core/landmarks.h) and one bilinear
// warp.
#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "core/landmarks.h"
#include "image/image.h"

namespace fr {

// Rows (m0 m1 m2) and (m3 m4 m5): source (x, y) -> crop (m0 x + m1 y + m2, m3 x + m4 y + m5).
using AffineMatrix = std::array<double, 6>;

// All NaN when the five points coincide.
AffineMatrix alignment_matrix(const Landmarks& landmarks);

// OpenCV's warpAffine, bilinear, 0 outside the image (spec/05 5.3). Overwrites rgb (112,112,3).
void warp(const Image& image, const AffineMatrix& matrix, std::span<uint8_t> rgb);

// False, and rgb untouched, where the landmarks are degenerate or not finite: a failed alignment, not a crop.
bool align(const Image& image, const Landmarks& landmarks, std::span<uint8_t> rgb /*(112,112,3)*/);

// The 68-point annotation (x1 y1 … x68 y68) -> five points (spec/05 5.1), in f32.
Landmarks landmarks_of_68(std::span<const float, 136> points);

}  // namespace fr
