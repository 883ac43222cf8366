// Metrics on small made-up data: the rules of spec 6.1, 7.1, 7.3 and 11 that need no files.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/parallel.h"
#include "core/random.h"
#include "eval/accuracy.h"
#include "eval/evaluate.h"
#include "eval/folds.h"
#include "eval/interval.h"
#include "eval/join.h"
#include "eval/pair_score.h"
#include "eval/roc.h"
#include "eval/validation_rate.h"

using namespace fr;

namespace {

Embeddings embeddings_of(const std::vector<std::vector<float>>& rows, std::vector<std::string> names = {}) {
  Embeddings result = Embeddings::make(std::ssize(rows), std::ssize(rows.at(0)));
  for (size_t i = 0; i < rows.size(); ++i) {
    std::copy(rows[i].begin(), rows[i].end(), result.owned.f32() + static_cast<int64_t>(i) * result.dim);
  }
  result.names = std::move(names);
  return result;
}

Plan plan_of(const std::vector<std::string>& items, const std::vector<Pair>& pairs, int64_t folds) {
  Plan plan;
  plan.protocol = "toy";
  for (const std::string& name : items) plan.items.push_back({.name = name, .file = {}});
  plan.pair_lists.push_back({"1:1", pairs, folds, PairScore::kSquaredDistance});
  return plan;
}

SortedScores sorted_of(const std::vector<double>& scores, const std::vector<uint8_t>& same) {
  return sort_scores(scores, same);
}

}  // namespace

TEST_CASE("the grid is j * step, not accumulated, not j / 100") {
  const std::vector<double> grid = threshold_grid(0.01);
  REQUIRE(grid.size() == 400);
  CHECK(grid[35] == 0.35000000000000003);
  CHECK(grid[35] != 0.35);
  int differ = 0, accumulated_differ = 0;
  double sum = 0;
  for (size_t j = 0; j < grid.size(); ++j) {
    differ += grid[j] != static_cast<double>(j) / 100;
    accumulated_differ += grid[j] != sum;
    sum += 0.01;
  }
  CHECK(differ == 51);
  CHECK(accumulated_differ == 386);
  CHECK(threshold_grid(0.001).size() == 4000);
  // d = 0.35 is accepted at j = 35, and d = 2 * 0.01 is not at j = 2 (strict).
  const std::vector<double> distances = {0.35, 2 * 0.01};
  const std::vector<uint8_t> same = {1, 0};
  const GridCounts counts = count_below(distances, same, grid);
  CHECK(counts.genuine[35] == 1);
  CHECK(counts.genuine[34] == 0);
  CHECK(counts.impostor[2] == 0);
  CHECK(counts.impostor[3] == 1);
}

TEST_CASE("folds are contiguous, the larger ones first") {
  std::vector<int64_t> sizes;
  int64_t next = 0;
  for (const Fold& fold : k_folds(23, 10)) {
    CHECK(fold.begin == next);
    next = fold.end;
    sizes.push_back(fold.size());
  }
  CHECK(next == 23);
  CHECK(sizes == std::vector<int64_t>{3, 3, 3, 2, 2, 2, 2, 2, 2, 2});
  CHECK(k_folds(5, 1).size() == 1);
  CHECK_THROWS_WITH_AS(k_folds(3, 10), "3 pairs cannot be cut into 10 folds", Error);
}

TEST_CASE("equal training accuracy: the smallest threshold wins") {
  const std::vector<double> distances = {0.5, 1.5, 0.5, 1.5};
  const std::vector<uint8_t> same = {1, 0, 1, 0};
  const Accuracy accuracy = k_fold_accuracy(distances, same, 2);
  CHECK(accuracy.threshold_index == std::vector<int64_t>{51, 51});
  CHECK(accuracy.mean == 1);
  CHECK(accuracy.std == 0);
  CHECK(accuracy.far == 0);
}

TEST_CASE("collinear points of a ROC are dropped") {
  const SortedScores sorted = sorted_of({5, 4, 3, 2, 1}, {1, 0, 0, 0, 1});
  const auto corners = [](const Roc& roc) {
    std::vector<std::pair<int64_t, int64_t>> result;
    for (const RocPoint& point : roc.points) result.emplace_back(point.fp, point.tp);
    return result;
  };
  using Corners = std::vector<std::pair<int64_t, int64_t>>;
  CHECK(corners(roc_curve(sorted, false)) == Corners{{0, 0}, {0, 1}, {1, 1}, {2, 1}, {3, 1}, {3, 2}});
  CHECK(corners(roc_curve(sorted, true)) == Corners{{0, 0}, {0, 1}, {3, 1}, {3, 2}});
  CHECK(roc_curve(sorted, true).points[0].threshold == 6);
}

TEST_CASE("the nearest FPR: bits decide, exact ties go to the higher rate") {
  Roc roc{{{3, 0, 0}, {2, 1, 1}, {1, 3, 2}}, 2, 10};
  CHECK(tar_at_nearest_far(roc, 0.2).far == 3.0 / 10);  // |.3 - .2| < |.1 - .2| in f64
  Roc dyadic{{{3, 0, 0}, {2, 1, 1}, {1, 3, 2}}, 2, 4};
  const TarAtFar tie = tar_at_nearest_far(dyadic, 0.5);
  CHECK(tie.far == 0.75);
  CHECK(tie.tar == 1);
}

TEST_CASE("largest FPR <= x: ties of the threshold are rejected together") {
  // Impostors 9 8 8 7, genuine 10 8.5 8 8 1.
  const SortedScores sorted = sorted_of({9, 8, 8, 7, 10, 8.5, 8, 8, 1}, {0, 0, 0, 0, 1, 1, 1, 1, 1});
  const TarAtFar half = tar_at_far(sorted, 0.5);
  CHECK(half.k == 2);
  CHECK(half.threshold == 8);
  CHECK(half.false_accepts == 1);
  CHECK(half.accepted == 2);
  CHECK(half.tar == 0.4);
  CHECK(tar_at_far(sorted, 0.25).k == 1);
  CHECK(tar_at_far(sorted, 0.2499).k == 0);
  CHECK(tar_at_far(sorted, 0).accepted == 1);
  CHECK(tar_at_far(sorted, 1).accepted == 5);
  CHECK_THROWS_AS(tar_at_far(sorted, -0.1), Error);
  CHECK_THROWS_AS(tar_at_far(sorted, std::nan("")), Error);
  // 3 / 10 rounds to the double 0.3, so k is 3 although 0.3 * 10 need not be.
  std::vector<double> scores;
  for (int i = 0; i < 11; ++i) scores.push_back(i);
  CHECK(tar_at_far(sorted_of(scores, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), 0.3).k == 3);
}

TEST_CASE("AUC counts ties half; EER interpolates; failed pairs are misses and correct rejections") {
  CHECK(area_under_roc(sorted_of({1, 1}, {1, 0})).value == 0.5);
  CHECK(area_under_roc(sorted_of({3, 2, 1}, {1, 0, 1})).value == 0.5);
  CHECK(std::isnan(area_under_roc(sorted_of({3, 2}, {1, 1})).value));
  CHECK(equal_error_rate(sorted_of({4, 3, 2, 1}, {1, 1, 0, 0})).value == 0);
  CHECK(equal_error_rate(sorted_of({2, 2}, {1, 0})).value == 0.5);

  SortedScores sorted = sorted_of({4, 3, 2, 1}, {1, 1, 0, 0});
  sorted.failed_genuine = 2;
  sorted.failed_impostor = 2;
  const TarAtFar tar = tar_at_far(sorted, 0.25);
  CHECK(tar.k == 1);
  CHECK(tar.tar == 0.5);
  // With the failed pairs at -inf: 4 x 4 pairs, 8 won by finite genuine scores, 4 ties among the failed.
  CHECK(area_under_roc(sorted).value == (8.0 + 4 * 0.5 + 0) / 16);
  CHECK(roc_curve(sorted, false).points.back().fp == 4);
}

TEST_CASE("DeLong's error of an AUC") {
  // Placements by hand: genuine 3 and 1 win 2/2 and 1/2 impostors {2, 0}; AUC 3/4.
  const Auc auc = area_under_roc(sorted_of({3, 1, 2, 0}, {1, 1, 0, 0}));
  CHECK(auc.value == 0.75);
  // Sample variances of {1, .5} and of {.5, 1} are 1/8 each; over 2 and 2.
  CHECK(auc.standard_error == doctest::Approx(std::sqrt(0.125 / 2 + 0.125 / 2)));
}

TEST_CASE("val@far: a class absent from a part is an error; the corners of the interpolation") {
  const std::vector<double> distances = {0.5, 0.6, 0.7, 0.8};
  CHECK_THROWS_AS(validation_rate(distances, std::vector<uint8_t>{1, 1, 0, 0}, 2, 0.1), Error);
  const std::vector<double> far = {0, 0, 0.5, 1, 1}, thresholds = {0, 1, 2, 3, 4};
  CHECK(interpolate_threshold(far, thresholds, 0) == 1);
  CHECK(interpolate_threshold(far, thresholds, 0.25) == 1.5);
  CHECK(interpolate_threshold(far, thresholds, 0.5) == 2);
  CHECK(interpolate_threshold(far, thresholds, 1) == 0);
  CHECK(interpolate_threshold(std::span(far).first(4), thresholds, 1) == 3);
}

TEST_CASE("pairwise sums follow numpy's blocks") {
  // 1, then 1e16s that cancel pairwise within accumulator r1 only: sequence would lose the 1.
  std::vector<double> v(16, 0.0), one(16, 1.0);
  v[0] = 1;
  v[1] = 1e16;
  v[9] = -1e16;
  CHECK(dot(v.data(), one.data(), 16) == 1);
  std::vector<double> ones(1000, 1.0), zeros(1000, 0.0);
  CHECK(squared_distance(ones.data(), zeros.data(), 1000) == 1000);
  CHECK(norm(ones.data(), 1000) == std::sqrt(1000.0));
  CHECK(squared_distance(ones.data(), zeros.data(), 7) == 7);
  CHECK(squared_distance(ones.data(), zeros.data(), 131) == 131);
}

TEST_CASE("single images: the flip is added raw, one normalisation; zero rows stay zero") {
  const Plan plan = plan_of({"a", "b"}, {{0, 1, true}}, 1);
  const Embeddings original = embeddings_of({{3, 0}, {0, 0}}), flipped = embeddings_of({{0, 4}, {0, 0}});
  const TemplateFeatures pooled = pool_single(join_items(plan, original, &flipped, false).features);
  CHECK(pooled.values == std::vector<double>{3.0 / 5, 4.0 / 5, 0, 0});
  const TemplateFeatures cut =
      pool_single(join_items(plan, embeddings_of({{3, 0, 0, 4}, {0, 0, 0, 0}}), nullptr, true).features);
  CHECK(cut.values == pooled.values);
}

TEST_CASE("media are averaged before they are summed") {
  Plan plan = plan_of({"a", "b", "c"}, {{0, 0, true}}, 0);
  plan.pooling = Pooling::kMedia;
  plan.templates = {{7, {{1, {0, 1}}, {2, {2}}}}};
  const Embeddings rows = embeddings_of({{2, 0}, {4, 0}, {0, 4}});
  const auto pool = [&](const char* variant) {
    return pool_media(plan, join_items(plan, rows, nullptr, false).features, parse_media_pooling(variant))
        .values;
  };
  CHECK(pool("N1D1F0") == std::vector<double>{0.6, 0.8});  // (3, 0) + (0, 4)
  plan.items[2].detector_score = 0;
  CHECK(pool("N1D1F0") == std::vector<double>{1, 0});
  CHECK(pool("N1D0F0") == std::vector<double>{0.6, 0.8});
  CHECK(pool("N0D0F0")[0] == doctest::Approx(std::sqrt(0.5)));  // (1, 0) + (0, 1)
  CHECK_THROWS_AS(pool("N1D1F1"), Error);
  CHECK_THROWS_AS(parse_media_pooling("N2D1F0"), Error);
  CHECK_THROWS_AS(parse_media_pooling(""), Error);

  // A failed item leaves its medium; a template of failed items fails.
  const float nan = std::nanf("");
  const Embeddings half = embeddings_of({{nan, 0}, {4, 0}, {0, 4}});
  CHECK(pool_media(plan, join_items(plan, half, nullptr, false).features, {true, false, false}).values[0] ==
        doctest::Approx(std::sqrt(0.5)));
  const Embeddings none = embeddings_of({{nan, 0}, {nan, 0}, {0, nan}});
  CHECK(pool_media(plan, join_items(plan, none, nullptr, false).features, {true, false, false}).failed[0] ==
        1);
  const Embeddings huge = embeddings_of({{3e38f, 0}, {3e38f, 0}, {0, 1}});  // their sum is not an f32
  CHECK(pool_media(plan, join_items(plan, huge, nullptr, false).features, {true, false, false}).failed[0] ==
        1);
}

TEST_CASE("rows are joined by name; missing and unusable ones fail, extra ones are counted") {
  const Plan plan = plan_of({"a", "b", "c"}, {{0, 1, true}}, 0);
  const float nan = std::nanf("");
  const Join joined = join(plan, embeddings_of({{1}, {2}, {nan}, {4}}, {"x", "b", "a", "y"}));
  CHECK(joined.rows == std::vector<int64_t>{-1, 1, -1});
  CHECK(joined.missing == 1);
  CHECK(joined.unusable == 1);
  CHECK(joined.extra == 2);
  CHECK_THROWS_WITH_AS(join(plan, embeddings_of({{1}, {2}}, {"b", "b"})),
                       "embeddings: rows 0 and 1 are both named 'b'", Error);
  CHECK_THROWS_WITH_AS(join(plan, embeddings_of({{1}, {2}})),
                       "embeddings: 2 rows without names, but the plan of 'toy' has 3 items", Error);
  CHECK(join(plan, embeddings_of({{1}, {2}, {3}})).rows == std::vector<int64_t>{0, 1, 2});
}

TEST_CASE("failed items are counted and judged, never dropped") {
  const std::vector<Pair> pairs = {{0, 1, true}, {2, 3, false}, {0, 2, false}, {1, 3, true}};
  const Plan plan = plan_of({"a", "b", "c", "d"}, pairs, 2);
  const Embeddings rows = embeddings_of({{1, 0}, {1, 0}, {0, 1}}, {"a", "b", "c"});  // d is missing
  const Result result = evaluate(plan, rows, nullptr, {});
  CHECK(result.counts.at("failed_items") == 1);
  CHECK(result.counts.at("failed_genuine") == 1);
  CHECK(result.counts.at("failed_impostor") == 1);
  CHECK(result.counts.at("pairs") == 4);
  CHECK(result.metrics.at("tar@far=1e-1").value == 0.5);
  // Fold 1 trains on {impostor at 2, failed genuine}: threshold 0, which misses the genuine pair at distance
  // 0. Fold 2 trains on {genuine at 0, failed impostor}: threshold .01, which rejects the impostor.
  CHECK(result.metrics.at("accuracy").folds == std::vector<double>{0.5, 0.5});
}

TEST_CASE("metrics do not depend on the number of threads") {
  const RandomStream random(5, "eval test");
  std::vector<std::vector<float>> rows;
  std::vector<std::string> items;
  std::vector<Pair> pairs;
  for (int i = 0; i < 400; ++i) {
    items.push_back(std::to_string(i));
    rows.emplace_back();
    for (int k = 0; k < 33; ++k) {
      rows.back().push_back(static_cast<float>(random.normal(static_cast<uint64_t>(i * 33 + k))));
    }
    if (i % 2 == 1) pairs.push_back({i - 1, i, i % 4 == 1});
  }
  const Plan plan = plan_of(items, pairs, 10);
  const Embeddings embeddings = embeddings_of(rows);
  const int threads = thread_count();
  std::vector<double> accuracy, auc, norm;
  for (const int count : {1, 2, 3}) {
    set_thread_count(count);
    const Result result = evaluate(plan, embeddings, nullptr, {});
    accuracy.push_back(result.metrics.at("accuracy").value);
    auc.push_back(result.metrics.at("auc").value);
    norm.push_back(result.metrics.at("xnorm").value);
  }
  set_thread_count(threads);
  for (const auto& values : {accuracy, auc, norm}) {
    CHECK(values[0] == values[1]);
    CHECK(values[0] == values[2]);
  }
}

TEST_CASE("every metric carries its rule and an interval that holds it") {
  const std::vector<Pair> pairs = {{0, 1, true}, {0, 2, false}, {1, 3, false}, {2, 3, true},
                                   {1, 0, true}, {2, 1, false}, {3, 0, false}, {3, 2, true}};
  const Plan plan = plan_of({"a", "b", "c", "d"}, pairs, 2);
  const Result result =
      evaluate(plan, embeddings_of({{1, 0}, {1, 0.1f}, {0, 1}, {0.2f, 1}}), nullptr, {.far = {0.05}});
  for (const char* name : {"accuracy", "auc", "eer", "val@far=1e-3", "val@far=5e-2", "tar@far=1e-1",
                           "tar@far=1e-3", "tar@far=5e-2"}) {
    CAPTURE(name);
    REQUIRE(result.metrics.contains(name));
    const Metric& metric = result.metrics.at(name);
    CHECK_FALSE(metric.rule.empty());
    REQUIRE(metric.ci_low.has_value());
    CHECK(*metric.ci_low <= metric.value);
    CHECK(*metric.ci_high >= metric.value);
    CHECK_FALSE(metric.ci_method.empty());
  }
  CHECK(result.metrics.at("accuracy").folds.size() == 2);
}

TEST_CASE("rates are named as people write them") {
  CHECK(rate_text(1e-4) == "1e-4");
  CHECK(rate_text(0.001) == "1e-3");
  CHECK(rate_text(0.005) == "5e-3");
  CHECK(rate_text(0.1) == "1e-1");
  CHECK(rate_text(1) == "1");
  CHECK(rate_text(2.5e-6) == "2.5e-6");
}

TEST_CASE("quantiles of Student's t and the beta distribution") {
  CHECK(student_t(0.95, 9) == doctest::Approx(2.262157162798206).epsilon(1e-12));
  CHECK(student_t(0.95, 1) == doctest::Approx(12.706204736174705).epsilon(1e-12));
  CHECK(static_cast<double>(regularized_beta(1, 1, 0.3L)) == doctest::Approx(0.3).epsilon(1e-15));
  CHECK(static_cast<double>(regularized_beta(2, 1, 0.3L)) == doctest::Approx(0.09).epsilon(1e-15));
  // Rule of three, exactly: 1 - (alpha/2)^(1/n).
  CHECK(clopper_pearson(0, 100).high == doctest::Approx(1 - std::pow(0.025, 0.01)).epsilon(1e-13));
  CHECK(clopper_pearson(100, 100).high == 1);
  const std::vector<double> values = {1, 2, 3};
  const Interval interval = t_interval(values);  // 2 ± 4.302652729 / sqrt(3)
  CHECK(interval.high == doctest::Approx(2 + 4.302652729749464 / std::sqrt(3.0)).epsilon(1e-12));
}
