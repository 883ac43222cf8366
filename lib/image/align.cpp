#include "image/align.h"

#include <cmath>
#include <opencv2/imgproc.hpp>

#include "image/matrix.h"

namespace fr {

AffineMatrix alignment_matrix(const Landmarks& landmarks) {
  const Similarity s = fit_similarity(landmarks, kReferenceLandmarks);
  return {s.a, -s.b, s.tx, s.b, s.a, s.ty};
}

void warp(const Image& image, const AffineMatrix& matrix, std::span<uint8_t> rgb) {
  const cv::Mat m(2, 3, CV_64F, const_cast<double*>(matrix.data()));
  cv::Mat crop(112, 112, CV_8UC3, rgb.data());
  cv::warpAffine(as_matrix(image), crop, m, crop.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT,
                 cv::Scalar::all(0));
}

bool align(const Image& image, const Landmarks& landmarks, std::span<uint8_t> rgb) {
  const AffineMatrix matrix = alignment_matrix(landmarks);
  for (const double entry : matrix)
    if (!std::isfinite(entry)) return false;
  warp(image, matrix, rgb);
  return true;
}

Landmarks landmarks_of_68(std::span<const float, 136> points) {
  const auto mean = [&](size_t i, size_t j, size_t axis) {
    return (points[2 * i + axis] + points[2 * j + axis]) / 2;
  };
  return {mean(36, 39, 0), mean(36, 39, 1), mean(42, 45, 0), mean(42, 45, 1), points[60],
          points[61],      points[96],      points[97],      points[108],     points[109]};
}

}  // namespace fr
