// The bound of an estimate from bf16 rows: it holds for every pair, in whatever order and with whatever
// rounding products are added; and how a stream is cut to a GPU's memory.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/random.h"
#include "eval/pair_score.h"
#include "eval/score_blocks.h"
#include "eval/score_bound.h"

namespace fr {
namespace {

using Row = std::vector<float>;

float rounded(float value) { return static_cast<float>(Bf16(value)); }

// `value` cut off below 2^-23 of the power of two of `scale`, towards 0.
double cut_off(double value, double scale) {
  if (scale == 0 || !std::isfinite(scale)) return value;
  const double unit = std::ldexp(1.0, std::ilogb(scale) - 23);
  return std::trunc(value / unit) * unit;
}

// One sum of `group` products and what there was, as a matrix unit makes it: all aligned to the largest, cut.
float truncated(const Row& a, const Row& b, size_t group) {
  double sum = 0;
  for (size_t begin = 0; begin < a.size(); begin += group) {
    const size_t end = std::min(begin + group, a.size());
    double largest = std::fabs(sum), next = 0;
    for (size_t k = begin; k < end; ++k)
      largest = std::max(largest, std::fabs(static_cast<double>(rounded(a[k])) * rounded(b[k])));
    for (size_t k = begin; k < end; ++k)
      next += cut_off(static_cast<double>(rounded(a[k])) * rounded(b[k]), largest);
    next += cut_off(sum, largest);
    sum = cut_off(next, next);
  }
  return static_cast<float>(sum);
}

float forward(const Row& a, const Row& b) {
  float sum = 0;
  for (size_t k = 0; k < a.size(); ++k) sum += rounded(a[k]) * rounded(b[k]);
  return sum;
}

float backward(const Row& a, const Row& b) {
  float sum = 0;
  for (size_t k = a.size(); k-- > 0;) sum += rounded(a[k]) * rounded(b[k]);
  return sum;
}

// The largest products first: the rest is added to a sum that swallows it.
float descending(const Row& a, const Row& b) {
  Row products(a.size());
  for (size_t k = 0; k < a.size(); ++k) products[k] = rounded(a[k]) * rounded(b[k]);
  std::sort(products.begin(), products.end(), [](float x, float y) { return std::fabs(x) > std::fabs(y); });
  float sum = 0;
  for (const float product : products) sum += product;
  return sum;
}

RowBound bound_of_row(const Row& row) {
  RowSquares sum;
  for (const float value : row) sum = sum(sum, squares_of(value));
  return bound_of(sum, std::ssize(row));
}

// Rows that are hard in one way each, dim values.
std::vector<Row> hard_rows(int64_t dim) {
  RandomStream stream(11, "bound");
  std::vector<Row> rows;
  const auto add = [&](const auto& value) {
    Row row(static_cast<size_t>(dim));
    for (size_t k = 0; k < row.size(); ++k) row[k] = value(k);
    rows.push_back(row);
  };
  for (const float scale : {0.05f, 1.0f, 1e-17f, 1e-20f, 1e-38f, 1e-44f, 1e17f, 1e19f, 3e38f})
    add([&](size_t) { return scale * std::clamp(stream.next_normal(), -1.0f, 1.0f); });
  add([](size_t) { return 0.0f; });
  add([](size_t k) { return k % 2 == 0 ? 1.0f : -1.0f; });
  add([](size_t) { return 0.04419417f; });
  // Half between two bf16 values, always rounded the same way: the largest error there is.
  add([](size_t) { return std::bit_cast<float>(0x3d808000u); });
  add([](size_t) { return std::bit_cast<float>(0x3d807fffu); });
  add([](size_t k) { return std::bit_cast<float>(k % 2 == 0 ? 0x3d818000u : 0xbd808001u); });
  add([](size_t k) { return k == 0 ? 1.0f : 1e-4f; });
  add([&](size_t k) { return std::ldexp(stream.next_normal(), -static_cast<int>(k % 40)); });
  rows.push_back(rows[0]);
  add([](size_t k) { return k == 1 ? std::numeric_limits<float>::infinity() : 1.0f; });
  add([](size_t k) { return k == 1 ? std::numeric_limits<float>::quiet_NaN() : 1.0f; });
  return rows;
}

}  // namespace

TEST_CASE("estimates from bf16 rows are within their bound in any order and with cut sums") {
  for (const int64_t dim : {1, 2, 7, 24, 128, 512, 1024}) {
    const std::vector<Row> rows = hard_rows(dim);
    for (size_t i = 0; i < rows.size(); ++i) {
      for (size_t j = 0; j < rows.size(); ++j) {
        const Row &a = rows[i], &b = rows[j];
        const float score = pair_score(a.data(), b.data(), dim);
        if (std::isnan(score)) continue;  // reaches no cut
        const RowBound bounds[] = {bound_of_row(a), bound_of_row(b)};
        // The score itself is the highest cut that it reaches.
        const ProbeBound probe = probe_bound(bounds[0], score, dim);
        CAPTURE(dim);
        CAPTURE(i);
        CAPTURE(j);
        for (const float estimate : {forward(a, b), backward(a, b), descending(a, b), truncated(a, b, 1),
                                     truncated(a, b, 4), truncated(a, b, 16)}) {
          CHECK(probe.reaches(estimate, bounds[1]));
        }
        CHECK(probe.reaches(std::numeric_limits<float>::quiet_NaN(), bounds[1]));
      }
    }
  }
}

TEST_CASE("the bound of unit rows is small, and a pair far below a cut does not pass") {
  RandomStream stream(12, "unit");
  Row row(512);
  for (float& value : row) value = stream.next_normal() / std::sqrt(512.0f);
  const RowBound bound = bound_of_row(row);
  const ProbeBound probe = probe_bound(bound, 0.3f, 512);
  CHECK(probe.of_length * bound.length + probe.of_error * bound.error < 0.006f);
  CHECK_FALSE(probe.reaches(0.29f, bound));
  CHECK(probe.reaches(0.2999f, bound));
  CHECK_FALSE(probe_bound(bound, std::numeric_limits<float>::infinity(), 512).reaches(1, bound));
  CHECK(probe_bound(bound, -std::numeric_limits<float>::infinity(), 512).reaches(-1, bound));
}

TEST_CASE("plan_device_blocks: fits what is free, and takes all probes at once where it can") {
  constexpr int64_t gigabyte = int64_t{1} << 30;
  const DeviceBlocks trillion = plan_device_blocks(274'000, 1'580'000, 512, 139 * gigabyte);
  CHECK(trillion == DeviceBlocks{274'000, 32768, int64_t{2048} * 4096, 4096, int64_t{1} << 26});
  CHECK(device_bytes(trillion, 512) < 7 * gigabyte);
  CHECK(plan_device_blocks(3530, 1'000'000, 512, 78 * gigabyte).probe_block == 3530);
  for (const int64_t free : {gigabyte / 8, gigabyte, 4 * gigabyte}) {
    for (const int64_t dim : {1, 37, 512, 4096}) {
      for (const auto& [probes, gallery] :
           {std::pair<int64_t, int64_t>{274'000, 1'580'000}, {1, 1}, {5'000'000, 3}, {3, 5'000'000}}) {
        const DeviceBlocks blocks = plan_device_blocks(probes, gallery, dim, free);
        CHECK(blocks.probe_block >= 1);
        CHECK(blocks.gallery_block >= 1);
        CHECK(blocks.tile_cols % 8 == 0);
        CHECK(blocks.tile_pairs >= blocks.tile_cols);
        CHECK(blocks.room >= blocks.tile_pairs);
        CHECK(device_bytes(blocks, dim) <= free / 20 * 17);
      }
    }
  }
  CHECK_THROWS_WITH_AS(plan_device_blocks(1000, 1000, 512, 1 << 20),
                       "GPU memory: 1 MB free are not enough for scores of rows of 512 values", Error);
}

TEST_CASE("gallery_begins: small blocks first, then whole ones, with no row twice") {
  CHECK(gallery_begins(100, 4, 32) == std::vector<int64_t>{0, 4, 8, 16, 32, 64, 96, 100});
  CHECK(gallery_begins(100, 32, 32) == std::vector<int64_t>{0, 32, 64, 96, 100});
  CHECK(gallery_begins(3, 4, 32) == std::vector<int64_t>{0, 3});
  CHECK(gallery_begins(5, 3, 3) == std::vector<int64_t>{0, 3, 5});
}

}  // namespace fr
