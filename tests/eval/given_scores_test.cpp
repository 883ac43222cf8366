// Somebody's own scores of a pair list: reading them, and judging them on their own scale.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/files.h"
#include "core/npy.h"
#include "core/random.h"
#include "eval/accuracy.h"
#include "eval/evaluate.h"
#include "eval/score_file.h"
#include "support/support.h"

using namespace fr;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Plan plan_of(const std::vector<bool>& same, int64_t folds) {
  Plan plan;
  plan.protocol = "toy";
  PairList list{.name = "1:1", .pairs = {}, .folds = folds};
  for (const bool s : same) list.pairs.push_back({0, 0, s});
  plan.pair_lists.push_back(std::move(list));
  return plan;
}

// 200 pairs, alternately genuine and impostor: cosines that overlap.
std::vector<double> toy_cosines() {
  const RandomStream random(3, "given scores");
  std::vector<double> scores;
  for (uint64_t i = 0; i < 200; ++i)
    scores.push_back(std::tanh(0.4 * random.normal(i) + (i % 2 == 0 ? 0.5 : 0)));
  return scores;
}

Plan toy_plan() {
  std::vector<bool> same;
  for (int i = 0; i < 200; ++i) same.push_back(i % 2 == 0);
  return plan_of(same, 10);
}

std::string error_of(const std::string& path, int64_t pairs, bool distances = false) {
  try {
    read_scores(path, pairs, distances);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("scores are read from text and arrays; a failed pair is at the far end of the scale") {
  test::ScratchFolder scratch;
  write_file(scratch / "s.txt", "0.5\n-1e-3\r\n -inf \n");
  CHECK(read_scores(scratch / "s.txt", 3, false) == std::vector<double>{0.5, -1e-3, -kInfinity});
  write_npy(scratch / "s.npy", std::vector<float>{0.5F, 2}, {2, 1});
  CHECK(read_scores(scratch / "s.npy", 2, true) == std::vector<double>{0.5, 2});
  write_npy(scratch / "d.npy", std::vector<double>{0.1, kInfinity}, {2});
  CHECK(read_scores(scratch / "d.npy", 2, true) == std::vector<double>{0.1, kInfinity});
}

TEST_CASE("scores that cannot be right are refused with file and line") {
  test::ScratchFolder scratch;
  const auto said = [&](const std::string& text, int64_t pairs, bool distances = false) {
    write_file(scratch / "s.txt", text);
    return error_of(scratch / "s.txt", pairs, distances);
  };
  const auto holds = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  CHECK(holds(said("1\n2\n", 3), "s.txt: 2 scores for a list of 3 pairs"));
  CHECK(holds(said("1\n2\n3\n4\n", 3), "s.txt: 4 scores"));
  CHECK(holds(said("1\nnan\n", 2), "s.txt:2: a score that is not a number"));
  CHECK(holds(said("1\ninf\n", 2), "s.txt:2: score inf (a failed pair is -inf)"));
  CHECK(holds(said("1\n-inf\n", 2, true), "s.txt:2: score -inf (a failed pair is inf)"));
  CHECK(holds(said("1\n\n2\n", 2), "s.txt:2: expected one score"));
  CHECK(holds(said("1\n2 3\n", 2), "s.txt:2: expected one score"));
  CHECK(holds(said("1\n2x\n", 2), "s.txt:2: '2x' is not a number"));
  CHECK(holds(said("", 2), "0 scores"));
  write_npy(scratch / "s.npy", std::vector<double>{0, std::nan("")}, {2});
  CHECK(holds(error_of(scratch / "s.npy", 2), "s.npy: index 1: a score that is not a number"));
  CHECK(holds(error_of(scratch / "s.npy", 5), "index 1"));
  write_npy(scratch / "m.npy", std::vector<double>{0, 1, 2, 3}, {2, 2});
  CHECK(holds(error_of(scratch / "m.npy", 4), "2 dimensions"));
  CHECK(holds(error_of(scratch / "absent.npy", 4), "absent.npy"));
}

TEST_CASE("cosines and their squared distances give the same numbers, thresholds in their own unit") {
  const std::vector<double> cosines = toy_cosines();
  std::vector<double> distances;
  for (const double c : cosines) distances.push_back(2 - 2 * c);
  const Plan plan = toy_plan();
  const Result by_cosine = evaluate_scores(plan, cosines, false, {});
  const Result by_distance = evaluate_scores(plan, distances, true, {});
  CHECK(by_cosine.variant.at("score") == "given: cosines");
  CHECK(by_distance.variant.at("score") == "given: squared L2 distances");
  for (const char* name : {"accuracy", "auc", "eer", "tar@far=1e-1", "tar@far=1e-2", "val@far=1e-3"}) {
    CAPTURE(name);
    const Metric &first = by_cosine.metrics.at(name), &second = by_distance.metrics.at(name);
    CHECK(first.value == doctest::Approx(second.value).epsilon(1e-12));
    if (first.threshold) CHECK(*first.threshold == doctest::Approx(1 - *second.threshold / 2).epsilon(1e-9));
  }
  CHECK(by_cosine.metrics.at("accuracy").value > 0.6);
}

TEST_CASE("scores of another scale are judged with all thresholds") {
  std::vector<double> scores = toy_cosines();
  for (double& s : scores) s = 500 + 1000 * s;
  const Plan plan = toy_plan();
  const Result up = evaluate_scores(plan, scores, false, {});
  CHECK(up.variant.at("score") == "given: similarities");
  CHECK_FALSE(up.metrics.contains("val@far=1e-3"));
  for (double& s : scores) s = -s;
  const Result down = evaluate_scores(plan, scores, true, {});
  CHECK(up.metrics.at("accuracy").folds == down.metrics.at("accuracy").folds);
  CHECK(*up.metrics.at("accuracy").threshold == -*down.metrics.at("accuracy").threshold);
  CHECK(up.metrics.at("auc").value ==
        evaluate_scores(plan, toy_cosines(), false, {}).metrics.at("auc").value);
}

TEST_CASE("all thresholds: the highest of the best; failed pairs are never accepted") {
  // Fold 1 trains on {9 genuine, 5 impostor, 5 genuine, failed genuine}: 9 alone, and 5 with its tie, are 2
  // right.
  const std::vector<double> alike = {8, 9, 7, 1, 9, 5, 5, -kInfinity};
  const std::vector<uint8_t> same = {1, 1, 0, 0, 1, 0, 1, 1};
  const Accuracy accuracy = k_fold_accuracy_any_scale(alike, same, 2);
  CHECK(accuracy.thresholds == std::vector<double>{9, 8});
  CHECK(accuracy.train == std::vector<double>{0.5, 1});
  CHECK(accuracy.folds == std::vector<double>{0.75, 0.5});
  // Nothing is gained by accepting: no threshold.
  const Accuracy none = k_fold_accuracy_any_scale(std::vector<double>{1, 2}, std::vector<uint8_t>{1, 0}, 1);
  CHECK(none.thresholds[0] == kInfinity);
  CHECK(none.mean == 0.5);
}

TEST_CASE("what rounding left beyond the range of distances and cosines is the end of the range") {
  // The training FAR is above the target at threshold 0 already, if a distance below 0 is accepted there.
  const Plan plan = toy_plan();
  std::vector<double> cosines = toy_cosines(), distances;
  cosines[1] = cosines[21] = cosines[41] = 1 + 1e-7;
  for (const double s : cosines) distances.push_back(2 - 2 * s);
  for (const bool distance : {false, true}) {
    const Result result = evaluate_scores(plan, distance ? distances : cosines, distance, {});
    for (const double threshold : result.metrics.at("val@far=1e-3").thresholds) {
      const double squared = distance ? threshold : 2 - 2 * threshold;
      CHECK(squared >= 0);
      CHECK(squared <= 0.001);
    }
  }
}

TEST_CASE("failed pairs among given scores are counted and judged") {
  const Plan plan = plan_of({true, true, false, false}, 1);
  const Result result =
      evaluate_scores(plan, std::vector<double>{0.9, -kInfinity, 0.1, -kInfinity}, false, {});
  CHECK(result.counts.at("failed_genuine") == 1);
  CHECK(result.counts.at("failed_impostor") == 1);
  CHECK(result.metrics.at("accuracy").value == 0.75);
  CHECK(result.metrics.at("tar@far=1e-1").value == 0.5);
}
