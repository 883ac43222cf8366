// Known answers of alignment/: matrices against scikit-image and the closed form in double, warps bit for
// bit.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/json.h"
#include "core/npy.h"
#include "image/align.h"
#include "support/support.h"

using namespace fr;

namespace {

Landmarks landmarks_at(const std::vector<float>& points, size_t face) {
  Landmarks result;
  std::copy_n(points.begin() + static_cast<std::ptrdiff_t>(10 * face), 10, result.begin());
  return result;
}

AffineMatrix matrix_of(const Json& rows) {
  AffineMatrix m;
  for (size_t i = 0; i < 6; ++i) m[i] = rows[i / 3][i % 3].get<double>();
  return m;
}

std::vector<uint8_t> crop_of(const std::filesystem::path& path) {
  const Npy npy(path);
  const auto* begin = reinterpret_cast<const uint8_t*>(npy.data().data());
  return {begin, begin + npy.data().size()};
}

}  // namespace

TEST_CASE("alignment matrices") {
  const std::filesystem::path golden = test::golden_eval();
  if (golden.empty()) return;
  const Json expected = read_json(golden / "alignment" / "expected.json");
  const auto values = [&](const std::string& name) { return Npy(golden / "alignment" / name).doubles(); };
  const std::vector<float> points =
      Npy(golden / "alignment" / expected.at("landmarks").get<std::string>()).floats();
  const std::vector<double> exact = values("matrices_double.npy");
  const std::vector<double> reference = values(expected.at("matrices"));
  const Json& cases = expected.at("cases");
  REQUIRE(exact.size() == cases.size() * 6);
  REQUIRE(points.size() == cases.size() * 10);
  for (const Json& entry : cases) {
    const size_t face = entry.at("index").get<size_t>();
    CAPTURE(face);
    const Landmarks landmarks = landmarks_at(points, face);
    const AffineMatrix m = alignment_matrix(landmarks);
    if (entry.at("nan").get<bool>()) {
      for (const double value : m) CHECK(std::isnan(value));
      continue;
    }
    double largest = 0;
    for (size_t i = 0; i < 6; ++i) largest = std::max(largest, std::abs(exact[6 * face + i]));
    for (size_t i = 0; i < 6; ++i) CHECK(std::abs(m[i] - exact[6 * face + i]) <= 1e-9 * largest);
    for (size_t p = 0; p < 10; p += 2)
      for (size_t row = 0; row < 2; ++row) {
        const auto mapped = [&](const double* matrix) {
          return matrix[3 * row] * landmarks[p] + matrix[3 * row + 1] * landmarks[p + 1] +
                 matrix[3 * row + 2];
        };
        CHECK(std::abs(mapped(m.data()) - mapped(&reference[6 * face])) <= 1e-3);
      }
  }
}

TEST_CASE("the template and the five points of 68") {
  const std::filesystem::path golden = test::golden_eval();
  if (golden.empty()) return;
  const std::vector<float> five = Npy(golden / "alignment" / "template_112.npy").floats();
  CHECK(std::equal(five.begin(), five.end(), kReferenceLandmarks.begin(), kReferenceLandmarks.end()));
  const std::vector<float> all = Npy(golden / "alignment" / "points68.npy").floats();
  const std::vector<float> expected = Npy(golden / "alignment" / "points5_of_68.npy").floats();
  REQUIRE(all.size() / 136 == expected.size() / 10);
  for (size_t face = 0; face < all.size() / 136; ++face) {
    const Landmarks points = landmarks_of_68(std::span<const float, 136>(&all[136 * face], 136));
    CHECK(
        std::equal(points.begin(), points.end(), expected.begin() + static_cast<std::ptrdiff_t>(10 * face)));
  }
}

TEST_CASE("warped crops") {
  const std::filesystem::path golden = test::golden_eval();
  if (golden.empty()) return;
  const std::filesystem::path folder = golden / "alignment";
  const Json expected = read_json(folder / "expected.json");
  std::vector<uint8_t> rgb(112 * 112 * 3);
  for (const char* kind : {"warps", "given"}) {
    for (const Json& entry : expected.at(kind)) {
      CAPTURE(entry.at("crop").get<std::string>());
      const Image image = read_image(folder / entry.at("image").get<std::string>());
      const std::vector<uint8_t> crop = crop_of(folder / entry.at("crop").get<std::string>());
      warp(image, matrix_of(entry.at("matrix")), rgb);
      CHECK(rgb == crop);
      if (!entry.contains("landmarks")) continue;
      // From the landmarks in double: at most 32 values differ, by one grey level.
      Landmarks landmarks;
      for (size_t i = 0; i < 10; ++i) landmarks[i] = entry.at("landmarks")[i / 2][i % 2].get<float>();
      REQUIRE(align(image, landmarks, rgb));
      int different = 0, worst = 0;
      for (size_t i = 0; i < rgb.size(); ++i) {
        different += rgb[i] != crop[i];
        worst = std::max(worst, std::abs(rgb[i] - crop[i]));
      }
      CHECK(different <= 32);
      CHECK(worst <= 1);
    }
  }
}
