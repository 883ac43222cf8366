// Rows around invented identities: pure functions of their numbers, with the cosines they promise.
#include "synth/sphere.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "core/hash.h"
#include "core/parallel.h"

using namespace fr;
using synth::Face;
using synth::kSphereDim;
using synth::Sphere;

namespace {

using Row = std::vector<float>;  // (kSphereDim)

Row row_of(const Sphere& sphere, const Face& face) {
  Row row(kSphereDim);
  sphere.row(face, row.data());
  return row;
}

double dot(const Row& a, const Row& b) {
  double sum = 0;
  for (size_t k = 0; k < a.size(); ++k) sum += static_cast<double>(a[k]) * static_cast<double>(b[k]);
  return sum;
}

// Mean and deviation of the cosine of first(i) and second(i).
struct Moments {
  double mean, deviation;
};
template <class First, class Second>
Moments cosines(const Sphere& sphere, const First& first, const Second& second) {
  constexpr int kPairs = 2000;
  double sum = 0, squares = 0;
  for (int i = 0; i < kPairs; ++i) {
    const double cosine = dot(row_of(sphere, first(i)), row_of(sphere, second(i)));
    sum += cosine;
    squares += cosine * cosine;
  }
  const double mean = sum / kPairs;
  return {mean, std::sqrt(squares / kPairs - mean * mean)};
}

}  // namespace

TEST_CASE("a row depends on its numbers alone, whatever thread makes it") {
  const Sphere sphere(7, "a"), other_seed(8, "a"), other_name(7, "b");
  const auto face = [](int64_t i) { return Face{.identity = i / 4, .photo = i, .likeness = 0.7f}; };
  std::vector<Row> serial, parallel(64, Row(kSphereDim));
  for (int64_t i = 0; i < 64; ++i) serial.push_back(row_of(sphere, face(i)));
#pragma omp parallel for schedule(dynamic, 1) num_threads(4)
  for (int64_t i = 63; i >= 0; --i) sphere.row(face(i), parallel[static_cast<size_t>(i)].data());
  CHECK(serial == parallel);
  CHECK(std::abs(dot(serial[0], row_of(other_seed, face(0)))) < 0.4);
  CHECK(std::abs(dot(serial[0], row_of(other_name, face(0)))) < 0.4);
}

TEST_CASE("the bits are the same on every machine") {
  // Whoever changes them on purpose raises kVersion in synth/protocols/benchmark.cpp.
  const Sphere sphere(1, "fingerprint");
  Hasher hasher;
  for (int64_t i = 0; i < 100; ++i) {
    const Row row = row_of(sphere, {.identity = i / 3,
                                    .family = i % 5,
                                    .kinship = 0.5f,
                                    .photo = i,
                                    .likeness = 0.01f * static_cast<float>(i),
                                    .medium = i / 2,
                                    .shared = 0.5f,
                                    .mirrored = i % 2 == 1,
                                    .norm = 20});
    hasher.add(std::as_bytes(std::span(row)));
  }
  CHECK(hasher.text() == "xxh3-128:86882ec19427d7f630d233eb3ed9f1f2");
}

TEST_CASE("norms are as asked for") {
  const Sphere sphere(1, "norm");
  for (const float norm : {1.f, 23.5f}) {
    const Row row = row_of(sphere, {.identity = 5, .photo = 9, .likeness = 0.3f, .norm = norm});
    CHECK(std::sqrt(dot(row, row)) == doctest::Approx(norm).epsilon(1e-6));
  }
}

TEST_CASE("cosines: strangers, one person, relatives, frames of a video, a mirror image") {
  const Sphere sphere(3, "cosines");
  const Moments strangers = cosines(
      sphere, [](int i) { return Face{.identity = i, .photo = i, .likeness = 0.8f}; },
      [](int i) { return Face{.identity = 10000 + i, .photo = 10000 + i, .likeness = 0.6f}; });
  CHECK(std::abs(strangers.mean) < 0.01);
  CHECK(strangers.deviation == doctest::Approx(0.07).epsilon(0.1));
  const Moments person = cosines(
      sphere, [](int i) { return Face{.identity = i, .photo = i, .likeness = 0.8f}; },
      [](int i) { return Face{.identity = i, .photo = 10000 + i, .likeness = 0.6f}; });
  CHECK(person.mean == doctest::Approx(0.8 * 0.6).epsilon(0.03));
  CHECK(person.deviation < 0.1);
  const Moments relatives = cosines(
      sphere, [](int i) { return Face{.identity = i, .family = i, .kinship = 0.7f}; },
      [](int i) { return Face{.identity = 10000 + i, .family = i, .kinship = 0.5f}; });
  CHECK(relatives.mean == doctest::Approx(0.7 * 0.5).epsilon(0.03));
  const auto frame = [](int medium, int number) {
    return Face{.identity = medium,
                .photo = 10 * medium + number,
                .likeness = 0.6f,
                .medium = medium,
                .shared = 0.5f};
  };
  const Moments frames = cosines(
      sphere, [&](int i) { return frame(i, 0); }, [&](int i) { return frame(i, 1); });
  CHECK(frames.mean == doctest::Approx(0.36 + 0.64 * 0.5).epsilon(0.03));
  const auto shot = [](int i, bool mirrored) {
    return Face{.identity = i, .photo = i, .likeness = 0.6f, .mirrored = mirrored};
  };
  const Moments mirror = cosines(
      sphere, [&](int i) { return shot(i, false); }, [&](int i) { return shot(i, true); });
  CHECK(mirror.mean > 0.9);
  CHECK(mirror.mean < 0.99);
}

TEST_CASE("every coordinate has about the same variance, and a photograph of likeness 1 is the identity") {
  const Sphere sphere(5, "axes");
  std::vector<double> squares(kSphereDim);
  constexpr int kRows = 1000;
  for (int i = 0; i < kRows; ++i) {
    const Row row = row_of(sphere, {.identity = i});
    for (size_t k = 0; k < squares.size(); ++k) squares[k] += static_cast<double>(row[k] * row[k]) / kRows;
  }
  for (const double square : squares) CHECK(square * kSphereDim == doctest::Approx(1).epsilon(0.3));
  CHECK(row_of(sphere, {.identity = 3, .photo = 1}) == row_of(sphere, {.identity = 3, .photo = 2}));
}
