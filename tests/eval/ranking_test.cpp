// MAP@depth (spec 6.7), lists of videos by identity (spec 4.8), and rankings by identity centres.
#include "eval/ranking.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/random.h"
#include "eval/centre_ranking.h"
#include "eval/identity_lists.h"
#include "support/support.h"

using namespace fr;
using test::error_of;

namespace {

double average_precision(std::vector<int64_t> list, std::vector<int64_t> truth, int64_t depth = 100) {
  const std::vector<std::vector<int64_t>> truths = {std::move(truth)};
  return map_at(depth, {std::move(list)}, truths).of.at(0);
}

std::vector<int64_t> first(int64_t count, int64_t from = 0) {
  std::vector<int64_t> items(static_cast<size_t>(count));
  std::iota(items.begin(), items.end(), from);
  return items;
}

Plan plan_of(const std::vector<std::string>& videos) {
  Plan plan;
  plan.protocol = "toy";
  for (const std::string& name : videos) plan.items.push_back({.name = name, .file = {}});
  return plan;
}

ItemVectors source_of(const Plan& plan, const std::vector<std::vector<float>>& rows, double weight = 1) {
  WeightedEmbeddings part{Embeddings::make(std::ssize(rows), std::ssize(rows.at(0))), weight};
  for (size_t i = 0; i < rows.size(); ++i)
    std::ranges::copy(rows[i], part.embeddings.owned.f32() + static_cast<int64_t>(i) * part.embeddings.dim);
  std::vector<WeightedEmbeddings> parts;
  parts.push_back(std::move(part));
  return {plan, std::move(parts)};
}

}  // namespace

TEST_CASE("average precision: hits over rank, divided by all true items") {
  CHECK(average_precision({1, 2, 3}, {1, 2, 3}) == 1);
  CHECK(average_precision({9, 1, 8, 2}, {1, 2}) == doctest::Approx((1.0 / 2 + 2.0 / 4) / 2));
  CHECK(average_precision({1}, {1, 2, 3, 4}) == doctest::Approx(0.25));
  CHECK(average_precision({}, {1}) == 0);
  CHECK(average_precision({9, 8}, {1}) == 0);
}

TEST_CASE("average precision: repeats go first, then the cut; the divisor is not cut") {
  CHECK(average_precision({1, 9, 1, 1, 2}, {1, 2}) == doctest::Approx((1.0 + 2.0 / 3) / 2));
  CHECK(average_precision({9, 8, 1}, {1}, 2) == 0);
  CHECK(average_precision({9, 9, 9, 1}, {1}, 2) == doctest::Approx(0.5));
  CHECK(average_precision(first(150), first(150)) == doctest::Approx(100.0 / 150));
  CHECK(average_precision(first(120, 30), first(150), 100) == doctest::Approx(100.0 / 150));
}

TEST_CASE("MAP is the mean over all identities, answered or not, with its interval and counts") {
  Ranking ranking;
  ranking.identities = {7, 3, 5};
  ranking.truth = {{0}, {1, 2}, {3}};
  ranking.candidates = {0, 1, 2, 3, 4};
  Result result;
  add_ranking_metrics(ranking, {{0, 4}, {4, 1}, {}}, result);
  const Metric& map = result.metrics.at("map@100");
  CHECK(map.value == doctest::Approx((1 + 0.25 + 0) / 3));
  CHECK(*map.ci_low >= 0);
  CHECK(*map.ci_high == 1);  // three identities say little
  CHECK(result.counts.at("identities") == 3);
  CHECK(result.counts.at("candidates") == 5);
  CHECK(result.counts.at("true_videos") == 4);
  CHECK(result.counts.at("found_videos") == 2);
  CHECK(result.counts.at("unanswered_identities") == 1);
}

TEST_CASE("identity lists are read, and bad ones refused with file and line") {
  const auto lists = parse_identity_lists("12 a.mp4 b.mp4 \r\n\n3\tc.mp4", "gt.txt");
  REQUIRE(lists.size() == 2);
  CHECK(lists[0].identity == 12);
  CHECK(lists[0].videos == std::vector<std::string>{"a.mp4", "b.mp4"});
  CHECK(lists[1].identity == 3);
  CHECK(lists[1].line == 3);
  const auto refusal = [](const char* text) {
    return error_of([&] { parse_identity_lists(text, "gt.txt"); });
  };
  CHECK(refusal("1 a\nb c\n") == "gt.txt:2: 'b' is not a number");
  CHECK(refusal("1 a\n1 b\n") == "gt.txt:2: identity 1 is on line 1 already");
  CHECK(refusal("1 a\n2 b a\n") == "gt.txt:2: video 'a' is on line 1 already");
  CHECK(refusal("1 a b a\n") == "gt.txt:1: video 'a' is on line 1 already");
  CHECK(refusal("1 a\n2\n") == "gt.txt:2: identity 2 has no videos");
  CHECK(refusal("-1 a\n") == "gt.txt:1: identity -1 is negative");
  CHECK(refusal("1.5 a\n") == "gt.txt:1: '1.5' is not a number");
  CHECK(refusal("99999999999999999999 a\n").starts_with("gt.txt:1: "));
  CHECK(refusal("") == "gt.txt: an empty list");
  CHECK(refusal(" \n\n") == "gt.txt: an empty list");
}

TEST_CASE("submissions: strangers keep their places, other identities and long lists") {
  const Plan plan = plan_of({"a", "b", "c"});
  Ranking ranking;
  ranking.identities = {4, 2};
  ranking.truth = {{0}, {1, 2}};
  const auto lists = parse_submission("9 a\n2 x b x y c\n4\n", "sub.txt", plan, ranking);
  REQUIRE(lists.size() == 2);
  CHECK(lists[0].empty());
  REQUIRE(lists[1].size() == 5);
  CHECK(lists[1][1] == 1);
  CHECK(lists[1][4] == 2);
  CHECK(lists[1][0] < 0);
  CHECK(lists[1][2] == lists[1][0]);  // the same stranger
  CHECK(lists[1][3] < 0);
  CHECK(lists[1][3] != lists[1][0]);
  CHECK(map_at(100, lists, ranking.truth).of[1] == doctest::Approx((1.0 / 2 + 2.0 / 4) / 2));

  std::string exact = "2", longer = "7";
  for (int i = 0; i < 100; ++i) (exact += fmt::format(" v{}", i)) += " v0";
  for (int i = 0; i < 101; ++i) longer += fmt::format(" v{}", i);
  CHECK_NOTHROW(parse_submission(exact, "sub.txt", plan, ranking));
  const std::string text = exact + "\n" + longer;
  CHECK(error_of([&] { parse_submission(text, "sub.txt", plan, ranking); }) ==
        "sub.txt:2: 101 videos for identity 7, at most 100 may be submitted");
  CHECK_NOTHROW(parse_submission(text, "sub.txt", plan, ranking, true));
  CHECK(error_of([&] { parse_submission("2 a\n2 b\n", "sub.txt", plan, ranking); }) ==
        "sub.txt:2: identity 2 is on line 1 already");
  CHECK(error_of([&] { parse_submission("a b\n", "sub.txt", plan, ranking); }) ==
        "sub.txt:1: 'a' is not a number");

  const RankedLists ranked = {{}, {2, 0}};
  CHECK(submission_text(plan, ranking, ranked) == "2 c a\n");
  CHECK(parse_submission(submission_text(plan, ranking, ranked), "sub.txt", plan, ranking) == ranked);
}

TEST_CASE("centres rank by cosine; equal scores keep the order of the list; failures are in no list") {
  // Two examples of identity 1, one of 2, none of 3; candidates 3 … 8.
  const Plan plan = plan_of({"e0", "e1", "e2", "c3", "c4", "c5", "c6", "c7", "c8"});
  Ranking ranking;
  ranking.identities = {1, 2, 3};
  ranking.examples = {{0, 1}, {2}, {}};
  ranking.truth = {{3}, {4}, {5}};
  ranking.candidates = {8, 3, 4, 5, 6, 7};
  ranking.depth = 4;
  const float nan = std::nanf("");
  std::vector<ItemVectors> sources;
  sources.push_back(
      source_of(plan, {{5, 0}, {0, 1}, {0, -2}, {1, 1}, {0, 3}, {9, 9}, {nan, 1}, {-1, 0}, {0, 0}}));
  // Centre of 1 is (1, 1)/√2 whatever the examples' norms: c3 and c5 tie at 1, c4 0.7, c8 0, c7 -0.7.
  const std::vector<double> weight = {1};
  const RankedLists lists = rank_by_centres(ranking, sources, weight);
  REQUIRE(lists.size() == 3);
  CHECK(lists[0] == std::vector<int64_t>{3, 5, 4, 8});
  CHECK(lists[1] == std::vector<int64_t>{8, 7, 3, 5});
  CHECK(lists[2].empty());

  ranking.examples = {{6}, {}, {}};  // the one example failed
  CHECK(
      error_of([&] { rank_by_centres(ranking, sources, weight); }).starts_with("no identity has an example"));
}

TEST_CASE("an ensemble of centres scores by the weighted mean of the members' cosines") {
  constexpr int64_t items = 40, examples = 12;
  std::vector<std::string> names;
  for (int64_t i = 0; i < items; ++i) names.push_back(std::to_string(i));
  const Plan plan = plan_of(names);
  Ranking ranking;
  ranking.identities = {1, 2, 3};
  ranking.truth = {{12}, {13}, {14}};
  ranking.candidates = first(items - examples, examples);
  for (int64_t q = 0; q < 3; ++q) ranking.examples.push_back(first(4, 4 * q));
  std::vector<ItemVectors> sources;
  std::vector<std::vector<std::vector<double>>> unit(2);
  for (size_t s = 0; s < 2; ++s) {
    RandomStream stream(3, "rows", s);
    std::vector<std::vector<float>> rows(items);
    for (auto& row : rows) {
      double squares = 0;
      for (size_t k = 0; k < 5 + 2 * s; ++k) row.push_back(stream.next_normal());
      for (const float x : row) squares += static_cast<double>(x) * static_cast<double>(x);
      unit[s].emplace_back();
      for (const float x : row) unit[s].back().push_back(static_cast<double>(x) / std::sqrt(squares));
    }
    sources.push_back(source_of(plan, rows));
  }
  const std::vector<double> weights = {2, 0.5};
  const RankedLists lists = rank_by_centres(ranking, sources, weights);
  for (size_t q = 0; q < 3; ++q) {
    std::vector<double> scores(items);
    for (size_t s = 0; s < 2; ++s) {
      std::vector<double> centre(unit[s][0].size());
      double squares = 0;
      for (const int64_t e : ranking.examples[q])
        for (size_t k = 0; k < centre.size(); ++k) centre[k] += unit[s][static_cast<size_t>(e)][k];
      for (const double x : centre) squares += x * x;
      for (size_t i = 0; i < items; ++i)
        for (size_t k = 0; k < centre.size(); ++k)
          scores[i] += weights[s] / 2.5 * centre[k] / std::sqrt(squares) * unit[s][i][k];
    }
    std::vector<int64_t> expected = ranking.candidates;
    std::ranges::stable_sort(expected, std::ranges::greater{},
                             [&](int64_t i) { return scores[static_cast<size_t>(i)]; });
    CHECK(lists[q] == expected);
  }
}
