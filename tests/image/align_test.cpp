#include "image/align.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace fr;

TEST_CASE("a turned, scaled and shifted face maps back onto the template") {
  const double angle = 0.3, scale = 1.7;
  Landmarks face{};
  for (size_t i = 0; i < 10; i += 2) {
    const double x = kReferenceLandmarks[i], y = kReferenceLandmarks[i + 1];
    face[i] = static_cast<float>(scale * (std::cos(angle) * x - std::sin(angle) * y) + 31);
    face[i + 1] = static_cast<float>(scale * (std::sin(angle) * x + std::cos(angle) * y) - 7);
  }
  const AffineMatrix m = alignment_matrix(face);
  for (size_t i = 0; i < 10; i += 2) {
    CHECK(m[0] * face[i] + m[1] * face[i + 1] + m[2] ==
          doctest::Approx(kReferenceLandmarks[i]).epsilon(1e-5));
    CHECK(m[3] * face[i] + m[4] * face[i + 1] + m[5] ==
          doctest::Approx(kReferenceLandmarks[i + 1]).epsilon(1e-5));
  }
  CHECK(std::hypot(m[0], m[3]) == doctest::Approx(1 / scale));
}

TEST_CASE("landmarks on the template leave a crop as it is") {
  Image image{.height = 112, .width = 112, .rgb = {}};
  for (int i = 0; i < 112 * 112 * 3; ++i) image.rgb.push_back(static_cast<uint8_t>(i * 7));
  std::vector<uint8_t> rgb(image.rgb.size());
  CHECK(align(image, kReferenceLandmarks, rgb));
  CHECK(rgb == image.rgb);
}

TEST_CASE("five equal points and points that are no numbers are a failed alignment") {
  const Image image{.height = 4, .width = 4, .rgb = std::vector<uint8_t>(48, 9)};
  std::vector<uint8_t> rgb(112 * 112 * 3, 5);
  Landmarks equal;
  for (size_t i = 0; i < 10; ++i) equal[i] = i % 2 == 0 ? 17.3f : 0.1f;
  CHECK_FALSE(align(image, equal, rgb));
  Landmarks broken = kReferenceLandmarks;
  broken[3] = NAN;
  CHECK_FALSE(align(image, broken, rgb));
  CHECK(rgb == std::vector<uint8_t>(112 * 112 * 3, 5));
}
