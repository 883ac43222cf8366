// Two models on the same pairs: the numbers compared, and what is refused.
#include "report/compare.h"

#include <doctest/doctest.h>

#include <limits>

#include "core/error.h"
#include "core/files.h"
#include "core/npy.h"
#include "eval/mcnemar.h"
#include "support/support.h"

using namespace fr;

namespace {

// 40 pairs of 10 people, the first half genuine; the model is wrong about the first `misses` genuine pairs.
Compared model_of(const std::string& name, size_t misses) {
  Compared compared;
  compared.path = name + ".json";
  Result& result = compared.result;
  result.protocol = "lfw";
  result.model["name"] = name;
  result.dataset = {{"list", "pairs.txt"}, {"hash", "h"}};
  result.counts["folds"] = 10;
  PairOutcomes& outcomes = compared.outcomes;
  for (size_t i = 0; i < 40; ++i) {
    const bool same = i < 20, right = !same || i >= misses;
    outcomes.same.push_back(same);
    outcomes.correct.push_back(right);
    outcomes.alike.push_back(same && right ? 0.8 : 0.1 + 0.001 * static_cast<double>(i));
    outcomes.subject_a.push_back(static_cast<int64_t>(i % 10));
    outcomes.subject_b.push_back(static_cast<int64_t>(same ? i % 10 : (i + 3) % 10));
  }
  const double missed = static_cast<double>(misses);
  result.metrics["accuracy"] = {.value = 1 - missed / 40};
  result.metrics["tar@far=1e-1"] = {.value = 1 - missed / 20};
  result.metrics["tar@far=1e-1/nearest"] = {.value = 1};
  return compared;
}

std::string error_of(const Compared& a, const Compared& b) {
  try {
    compare(a, b, 10);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("accuracy by McNemar, rates by the paired bootstrap") {
  const Comparison result = compare(model_of("weak", 12), model_of("strong", 2), 200);
  CHECK(result.pairs == 40);
  CHECK(result.genuine == 20);
  CHECK(result.subjects == 10);
  REQUIRE(result.metrics.size() == 2);
  const ComparedMetric& accuracy = result.metrics[0];
  CHECK(accuracy.name == "accuracy");
  REQUIRE(accuracy.discordant.has_value());
  CHECK(accuracy.discordant->only_a == 0);
  CHECK(accuracy.discordant->only_b == 10);
  CHECK(accuracy.discordant->p == mcnemar(0, 10));
  for (const ComparedMetric& metric : result.metrics) {
    CHECK(metric.difference.low > 0);
    CHECK(metric.difference.low <= metric.b - metric.a + 1e-12);
    CHECK(metric.difference.high >= metric.b - metric.a - 1e-12);
  }
  CHECK(result.metrics[1].name == "tar@far=1e-1");
  CHECK_FALSE(result.metrics[1].discordant.has_value());

  // A model against itself: no difference in any resample, because both see the same draw.
  const Comparison itself = compare(model_of("a", 5), model_of("b", 5), 50);
  for (const ComparedMetric& metric : itself.metrics) {
    CHECK(metric.difference.low == 0);
    CHECK(metric.difference.high == 0);
  }
  CHECK(itself.metrics[0].discordant->p == 1);
}

TEST_CASE("the comparison as a user reads it") {
  const std::string text = print_comparison(compare(model_of("weak", 12), model_of("strong", 2), 100));
  CAPTURE(text);
  CHECK(contains(text, "lfw  pairs.txt, 40 pairs (20 genuine)"));
  CHECK(contains(text, "A  weak"));
  CHECK(contains(text, "+25.0000"));
  CHECK(contains(text, "B better"));
  CHECK(contains(text, "0 pairs right with A alone, 10 with B alone"));
  CHECK(contains(text, "100 resamples of 10 people"));
  Compared a = model_of("a", 1), b = model_of("b", 2);
  for (Compared* model : {&a, &b}) model->outcomes.subject_a = model->outcomes.subject_b = {};
  const std::string alone = print_comparison(compare(a, b, 100));
  CHECK(contains(alone, "single pairs"));
  CHECK(contains(alone, "no difference shown"));
}

TEST_CASE("what cannot be compared is refused, and said why") {
  const Compared a = model_of("a", 1);
  Compared b = model_of("b", 2);
  b.result.protocol = "ytf";
  CHECK(error_of(a, b) == "a.json is a result of lfw, b.json of ytf: nothing to compare");
  b = model_of("b", 2);
  b.result.dataset["hash"] = "other";
  CHECK(contains(error_of(a, b), "different lists: pairs.txt h and pairs.txt other"));
  b = model_of("b", 2);
  for (auto* row : {&b.outcomes.same, &b.outcomes.correct}) row->pop_back();
  CHECK(contains(error_of(a, b), "a.json has 40 pairs, b.json has 39"));
  b = model_of("b", 2);
  b.outcomes.same[7] = 0;
  CHECK(contains(error_of(a, b), "pair 7 is genuine in only one"));
  b = model_of("b", 2);
  b.result.counts["folds"] = 5;
  CHECK(contains(error_of(a, b), "10 folds"));
  b = model_of("b", 2);
  b.outcomes.correct.clear();
  b.result.metrics.erase("tar@far=1e-1");
  CHECK(contains(error_of(a, b), "no metric in common"));
}

TEST_CASE("outcomes are found beside their result, and only the right ones") {
  test::ScratchFolder scratch;
  Compared written = model_of("a", 3);
  written.outcomes.alike[5] = -std::numeric_limits<double>::infinity();
  const std::string result_path = scratch / "results/a.json", outcomes_path = scratch / "decisions/a.npy";
  write_outcomes(outcomes_path, written.outcomes, result_path, written.result);
  CHECK(written.result.outcomes.at("file") == "../decisions/a.npy");
  write_result(result_path, written.result);
  const Compared read = read_compared(result_path);
  CHECK(read.outcomes.alike == written.outcomes.alike);
  CHECK(read.outcomes.same == written.outcomes.same);
  CHECK(read.outcomes.correct == written.outcomes.correct);
  CHECK(read.outcomes.subject_b == written.outcomes.subject_b);
  CHECK(Npy(outcomes_path).shape() == std::vector<int64_t>{5, 40});

  write_npy(outcomes_path, std::vector<double>(200), {5, 40});
  CHECK_THROWS_WITH_AS(read_compared(result_path), doctest::Contains("not the outcomes that"), Error);
  written.result.outcomes.clear();
  write_result(result_path, written.result);
  CHECK_THROWS_WITH_AS(read_compared(result_path), doctest::Contains("--decisions"), Error);
}
