// Intervals, tests and resampling on numbers small enough for a pencil, and against brute force.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.h"
#include "core/parallel.h"
#include "core/random.h"
#include "eval/average_precision.h"
#include "eval/bootstrap.h"
#include "eval/identification.h"
#include "eval/mcnemar.h"
#include "eval/pair_bootstrap.h"
#include "eval/roc.h"

using namespace fr;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("the normal quantile and Wilson's intervals") {
  CHECK(normal_quantile(0.95) == doctest::Approx(1.959963984540054).epsilon(1e-14));
  CHECK(normal_quantile(0.99) == doctest::Approx(2.575829303548901).epsilon(1e-14));
  const double z = normal_quantile(0.95);
  const Interval half = wilson(1, 2);
  CHECK(half.low + half.high == doctest::Approx(1).epsilon(1e-14));
  CHECK(half.high - half.low ==
        doctest::Approx(2 * z * std::sqrt(0.5 + z * z / 4) / (2 + z * z)).epsilon(1e-14));
  CHECK(wilson(0, 10).low < 1e-15);
  CHECK(wilson_continuity(0, 10).low == 0);
  CHECK(wilson_continuity(10, 10).high == 1);
  const Interval plain = wilson(3, 10), corrected = wilson_continuity(3, 10);
  CHECK(corrected.low < plain.low);
  CHECK(corrected.high > plain.high);
}

TEST_CASE("McNemar: binomial tails") {
  CHECK(mcnemar(0, 0) == 1);
  CHECK(mcnemar(3, 3) == 1);
  CHECK(mcnemar(5, 0) == doctest::Approx(2.0 / 32).epsilon(1e-14));
  CHECK(mcnemar(1, 4) == doctest::Approx(2.0 * (1 + 5) / 32).epsilon(1e-14));
  CHECK(mcnemar(4, 1) == mcnemar(1, 4));
  CHECK(mcnemar(2, 3) == 1);  // 2 * (1 + 5 + 10) / 32
}

TEST_CASE("average precision: repeats make room, the divisor is all of the truth") {
  CHECK(average_precision({{1, 2, 3}, {1, 9, 2, 2}}) == doctest::Approx((1 + 2.0 / 3) / 3));
  CHECK(average_precision({{1}, {9, 9, 1}}, 2) == 0.5);
  CHECK(average_precision({{1}, {9, 8, 1}}, 2) == 0);
  CHECK(average_precision({{1}, {}}) == 0);
  CHECK_THROWS_AS(average_precision({{}, {1}}), Error);
  CHECK_THROWS_AS(mean_average_precision({}), Error);
}

TEST_CASE("open-set search: strict on both sides, two rules for the threshold") {
  const OpenSetSearch search{{9, 8, 7}, {7, 8, -kInfinity}, {8, 6}};
  CHECK(tpir_exact(search, 0).threshold == 8);
  CHECK(tpir_exact(search, 0).hits == 1);
  CHECK(tpir_exact(search, 0.5).index == 1);
  CHECK(tpir_exact(search, 0.5).hits == 2);  // 8 ties with somebody else
  CHECK(tpir_exact(search, 1).threshold == -kInfinity);
  CHECK(tpir_ijb(search, 1).index == 1);
  CHECK(tpir_ijb(search, 0.5).threshold == 8);
  CHECK_THROWS_AS(tpir_ijb({{1}, {0}, {}}, 0.5), Error);
  CHECK(tpir_exact({{1}, {0}, {}}, 0.5).hits == 1);
  const MateRank rank = mate_rank(5, std::vector<double>{5, 6, 4, 5});
  CHECK(rank.pessimistic == 4);
  CHECK(rank.optimistic == 2);
}

TEST_CASE("draws are whole, follow the seed, and intervals are order statistics") {
  const std::vector<int32_t> draw = draw_subjects(50, 3, 7);
  CHECK(std::accumulate(draw.begin(), draw.end(), 0) == 50);
  CHECK(draw == draw_subjects(50, 3, 7));
  CHECK(draw != draw_subjects(50, 4, 7));
  CHECK(draw != draw_subjects(50, 3, 8));

  std::vector<double> values;
  for (int i = 1; i <= 1000; ++i) values.push_back(1001 - i);
  const Interval interval = percentile_interval(values, 0.95);
  CHECK(interval.low == 25);  // the least value that 2.5 % do not exceed
  CHECK(interval.high == 975);
  values.resize(2100, std::nan(""));
  CHECK(std::isnan(percentile_interval(values, 0.95).low));

  const std::vector<double> same = {3, 3, 3}, trials = {4, 4, 4};
  CHECK(bootstrap_ratio(same, trials, {}).low == 0.75);
  CHECK(bootstrap_ratio(same, trials, {}).high == 0.75);
}

TEST_CASE("a resampled TAR equals the exact rule on the pairs written out") {
  const RandomStream random(11, "pair bootstrap test");
  std::vector<double> alike;
  std::vector<uint8_t> same;
  std::vector<int64_t> a, b;
  for (uint64_t i = 0; i < 300; ++i) {
    a.push_back(static_cast<int64_t>(random.below(4 * i, 9)) - 1);
    b.push_back(i % 3 == 0 ? a.back() : static_cast<int64_t>(random.below(4 * i + 1, 9)) - 1);
    same.push_back(i % 3 == 0);
    // Coarse, so that scores tie; some pairs failed.
    const double score = std::floor(4 * random.normal(4 * i + 2)) + 3 * same.back();
    alike.push_back(random.below(4 * i + 3, 20) == 0 ? -kInfinity : score);
  }
  const PairSubjects subjects = number_subjects(a, b);
  const PairBootstrap bootstrap(alike, same, subjects);
  const std::vector<double> far = {0.5, 0, 0.013, 1, 0.1};
  for (int64_t r = 0; r < 20; ++r) {
    const std::vector<int32_t> weights = draw_subjects(subjects.count, r, 1);
    std::vector<double> written_alike, tar(far.size());
    std::vector<uint8_t> written_same;
    for (size_t i = 0; i < alike.size(); ++i) {
      for (int64_t copy = 0; copy < subjects.copies(i, weights); ++copy) {
        written_alike.push_back(alike[i]);
        written_same.push_back(same[i]);
      }
    }
    bootstrap.rates(weights, far, tar);
    const SortedScores written = sort_with_failed(written_alike, written_same);
    for (size_t j = 0; j < far.size(); ++j) {
      CAPTURE(far[j]);
      CHECK(tar[j] == tar_at_far(written, far[j]).tar);
    }
  }
}

TEST_CASE("people are renumbered, strangers are their own; without people each pair is drawn by itself") {
  const PairSubjects subjects =
      number_subjects(std::vector<int64_t>{70, -1, 9}, std::vector<int64_t>{9, 70, -1});
  CHECK(subjects.count == 4);
  CHECK(subjects.a == std::vector<int32_t>{0, 2, 1});
  CHECK(subjects.b == std::vector<int32_t>{1, 0, 3});
  const std::vector<int32_t> weights = {2, 3, 0, 5};
  CHECK(subjects.copies(0, weights) == 6);
  CHECK(subjects.copies(1, weights) == 0);
  const PairSubjects alone = each_pair_alone(4);
  CHECK(alone.count == 4);
  CHECK(alone.copies(1, weights) == 3);
}

TEST_CASE("resampling is the same on any number of threads") {
  const std::vector<double> hits = {3, 1, 4, 1, 5, 9, 2, 6}, trials = {4, 4, 4, 4, 9, 9, 9, 9};
  const int threads = thread_count();
  std::vector<std::pair<double, double>> ends;
  for (const int count : {1, 2, 4}) {
    set_thread_count(count);
    const Interval interval = bootstrap_ratio(hits, trials, {.resamples = 500, .seed = 3});
    ends.emplace_back(interval.low, interval.high);
  }
  set_thread_count(threads);
  CHECK(ends[0] == ends[1]);
  CHECK(ends[0] == ends[2]);
  CHECK(ends[0].first < ends[0].second);
}
