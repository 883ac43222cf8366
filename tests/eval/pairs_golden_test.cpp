// Known answers of golden_eval/pairs: distances, k-fold accuracy, val@far, curves and grids (spec 6.1, 7.1).
#include "eval/accuracy.h"
#include "eval/evaluate.h"
#include "eval/folds.h"
#include "eval/golden.h"
#include "eval/validation_rate.h"

using namespace fr;
using namespace fr::test;
namespace fs = std::filesystem;

namespace {

// Pair i of the plan is rows 2i and 2i+1.
Plan pair_plan(const std::vector<uint8_t>& same, int64_t folds) {
  Plan plan;
  plan.protocol = "golden";
  PairList list{"1:1", {}, folds, PairScore::kSquaredDistance};
  for (size_t i = 0; i < same.size(); ++i) {
    for (int64_t side = 0; side < 2; ++side) plan.items.push_back({});
    list.pairs.push_back({static_cast<int32_t>(2 * i), static_cast<int32_t>(2 * i + 1), same[i] != 0});
  }
  plan.pair_lists.push_back(std::move(list));
  return plan;
}

void check_val(const Json& expected, std::span<const double> distances, std::span<const uint8_t> same,
               int64_t folds) {
  CAPTURE(expected.dump());
  if (expected.contains("undecided")) return;
  const double far = expected["far_target"];
  if (expected.contains("error")) {
    CHECK_THROWS_AS(validation_rate(distances, same, folds, far), Error);
    return;
  }
  const ValidationRate rate = validation_rate(distances, same, folds, far);
  CHECK(near(rate.mean, golden_number(expected["val_mean"]), 1e-12));
  CHECK(near(rate.std, golden_number(expected["val_std"]), 1e-12));
  CHECK(near(rate.far, golden_number(expected["far_mean"]), 1e-12));
  // Folds whose training part never reaches the target have threshold 0 and are not listed; interpolated
  // zeros (the plateau corner) are.
  const std::vector<double> listed = golden_numbers(expected["interpolated_thresholds"]);
  std::vector<double> ours = rate.thresholds;
  if (ours.size() != listed.size()) std::erase(ours, 0.0);
  REQUIRE(ours.size() == listed.size());
  for (size_t i = 0; i < ours.size(); ++i) CHECK(near(ours[i], listed[i], 1e-12));
}

void check_curve(const fs::path& file, std::span<const double> distances, std::span<const uint8_t> same,
                 int64_t folds) {
  const std::vector<double> expected = Npy(file).doubles();
  const FoldCurve curve = fold_curve(distances, same, folds);
  REQUIRE(expected.size() == 2 * curve.tpr.size());
  double worst = 0;
  for (size_t j = 0; j < curve.tpr.size(); ++j) {
    worst = std::max(worst, std::abs(curve.tpr[j] - expected[j]));
    worst = std::max(worst, std::abs(curve.fpr[j] - expected[curve.tpr.size() + j]));
  }
  CHECK(worst <= 1e-12);
}

void check_set(const fs::path& folder, const std::string& name, const Json& expected) {
  CAPTURE(name);
  const std::vector<uint8_t> same = golden_labels(folder / expected["issame"].get<std::string>());
  const auto folds = expected["folds"].get<int64_t>();
  REQUIRE(std::ssize(same) == expected["pairs"].get<int64_t>());

  std::vector<double> distances;
  if (expected.contains("dist")) distances = Npy(folder / expected["dist"].get<std::string>()).doubles();
  if (expected.contains("orig")) {
    const Plan plan = pair_plan(same, folds);
    const Embeddings original = golden_embeddings(folder / expected["orig"].get<std::string>());
    Embeddings flipped;
    const bool flip = expected["flip"].is_string();
    if (flip) flipped = golden_embeddings(folder / expected["flip"].get<std::string>());
    const JoinedItems items = join_items(plan, original, flip ? &flipped : nullptr, false);
    const std::vector<double> ours = score_pairs(plan.pair_lists[0], pool_single(items.features));
    double worst = 0;
    for (size_t i = 0; i < distances.size(); ++i) {
      worst = std::max(worst, std::abs(ours.at(i) - distances[i]));
      if (distances[i] == 0) CHECK(ours[i] == 0);
    }
    CHECK(worst <= 1e-12);
    distances = ours;
    if (expected.contains("xnorm")) {
      const Result result = evaluate(plan, original, flip ? &flipped : nullptr, {});
      CHECK(near(result.metrics.at("xnorm").value, expected["xnorm"], 1e-9));
      CHECK(near(result.metrics.at("accuracy").value, expected["accuracy_mean"], 1e-12));
    }
  }

  const Accuracy accuracy = k_fold_accuracy(distances, same, folds);
  CHECK(near(accuracy.mean, golden_number(expected["accuracy_mean"]), 1e-12));
  CHECK(near(accuracy.std, golden_number(expected["accuracy_std"]), 1e-12));
  CHECK(accuracy.threshold_index == expected["best_threshold_index"].get<std::vector<int64_t>>());
  CHECK(accuracy.thresholds == golden_numbers(expected["best_threshold"]));
  const std::vector<double> by_fold = golden_numbers(expected["fold_accuracy"]);
  const std::vector<double> train = golden_numbers(expected["best_train_accuracy"]);
  REQUIRE(accuracy.folds.size() == by_fold.size());
  for (size_t f = 0; f < by_fold.size(); ++f) {
    CHECK(near(accuracy.folds[f], by_fold[f], 1e-12));
    CHECK(near(accuracy.train[f], train[f], 1e-12));
  }

  for (const auto& [key, block] : expected.items()) {
    if (key == "val") check_val(block, distances, same, folds);
    if (key.starts_with("val_at_")) {  // val_at_0.01_folds_5
      check_val(block, distances, same, std::stoll(key.substr(key.rfind('_') + 1)));
    }
  }
  if (expected.contains("curve"))
    check_curve(folder / expected["curve"].get<std::string>(), distances, same, folds);

  std::vector<double> scores(distances.size());
  for (size_t i = 0; i < scores.size(); ++i) scores[i] = -distances[i];
  check_rates(expected, sort_scores(scores, same));
}

}  // namespace

TEST_CASE("pairs: every set") {
  const fs::path root = golden_eval();
  if (root.empty()) return;
  const fs::path folder = root / "pairs";
  const Json expected = read_json(folder / "expected.json");
  int sets = 0;
  for (const auto& [name, set] : expected.items()) {
    if (!set.is_object() || !set.contains("issame")) continue;
    check_set(folder, name, set);
    ++sets;
  }
  CHECK(sets > 0);
}

TEST_CASE("pairs: the interpolation rule, fold sizes and grids") {
  const fs::path root = golden_eval();
  if (root.empty()) return;
  const fs::path folder = root / "pairs";
  const Json expected = read_json(folder / "expected.json");
  for (const Json& rule : expected["slinear_rule"]) {
    CAPTURE(rule.dump());
    const double value =
        interpolate_threshold(golden_numbers(rule["far"]), golden_numbers(rule["threshold"]), rule["target"]);
    CHECK(near(value, rule["result"], 1e-12));
  }
  for (const auto& [key, sizes] : expected["kfold"].items()) {  // "23_10"
    const std::vector<Fold> folds = k_folds(std::stoll(key), std::stoll(key.substr(key.find('_') + 1)));
    std::vector<int64_t> ours;
    for (const Fold& fold : folds) ours.push_back(fold.size());
    CHECK(ours == sizes.get<std::vector<int64_t>>());
  }
  CHECK(threshold_grid(0.01) == Npy(folder / "grid_400.npy").doubles());
  CHECK(threshold_grid(0.001) == Npy(folder / "grid_4000.npy").doubles());
}
