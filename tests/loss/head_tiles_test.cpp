// A tile's steps alone: sums made of parts of rows, and unused columns.
#include "loss/head_tiles.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/random.h"

using namespace fr;

namespace {

struct Sums {
  std::vector<float> max, next;
  std::vector<double> sum;
};

constexpr int64_t kRows = 5, kCols = 37;
constexpr head::LogitRule kRule{.scale = 16, .limit = 1, .filter = std::numeric_limits<float>::infinity()};

Sums sums_of(std::vector<float> products, int64_t parts, const int32_t* used) {
  std::vector<float> inverse(kCols, 1.0f), bias(kCols, 0.0f), partial(static_cast<size_t>(kRows * parts));
  const std::vector<int32_t> labels = {0, 36, -1, 7, 7};
  Sums s{std::vector<float>(kRows, -3.0f), std::vector<float>(kRows), std::vector<double>(kRows, 1.0)};
  head::Tile tile{};
  tile.values = products.data();
  tile.inverse = inverse.data();
  tile.bias = bias.data();
  tile.labels = labels.data();
  tile.used = used;
  tile.n = kRows;
  tile.count = kCols;
  tile.partial = partial.data();
  tile.parts = parts;
  head::add_tile(Device::kCpu, tile, kRule, {s.max.data(), s.next.data(), s.sum.data()});
  return s;
}

std::vector<float> random_products() {
  RandomStream stream(1, "tiles");
  std::vector<float> products;
  for (int64_t i = 0; i < kRows * kCols; ++i) products.push_back(stream.next_uniform(-1, 1));
  return products;
}

}  // namespace

TEST_CASE("a row's sum may be made of parts") {
  const Sums whole = sums_of(random_products(), 1, nullptr);
  for (const int64_t parts : {2, 3, 16, 50}) {
    const Sums s = sums_of(random_products(), parts, nullptr);
    CHECK(s.max == whole.max);
    for (size_t i = 0; i < kRows; ++i) CHECK(s.sum[i] == doctest::Approx(whole.sum[i]).epsilon(1e-6));
  }
}

TEST_CASE("unused columns count as nothing, whatever their products") {
  const int32_t used = 20;
  std::vector<float> products = random_products(), spoilt = products;
  for (int64_t row = 0; row < kRows; ++row)
    for (int64_t col = used; col < kCols; ++col) {
      products[static_cast<size_t>(row * kCols + col)] = -1.0f;
      spoilt[static_cast<size_t>(row * kCols + col)] = std::nanf("");
    }
  const Sums expected = sums_of(products, 1, nullptr), s = sums_of(spoilt, 1, &used);
  for (size_t i = 0; i < kRows; ++i) {
    CHECK(s.max[i] == expected.max[i]);
    CHECK(s.sum[i] == doctest::Approx(expected.sum[i]).epsilon(1e-5));
  }
}

TEST_CASE("the sum of squares over many columns") {
  for (const int64_t columns : {0, 1, 4096, 4097, 10000}) {
    std::vector<double> squares(static_cast<size_t>(columns), 0.5);
    std::vector<double> chunks(static_cast<size_t>(head::sum_chunks(columns)));
    double square = -1;
    head::sum_squares(Device::kCpu, columns, squares.data(), chunks.data(), &square);
    CHECK(square == 0.5 * static_cast<double>(columns));
  }
}
