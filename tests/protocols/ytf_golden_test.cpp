// Known answers of golden_eval/ytf: the four ways to compare videos, and the real list's counts.
#include "core/parallel.h"
#include "eval/accuracy.h"
#include "eval/evaluate.h"
#include "eval/golden.h"
#include "eval/protocol.h"
#include "eval/video.h"

using namespace fr;
using namespace fr::test;
namespace fs = std::filesystem;

namespace {

const Protocol& ytf() { return Registry<ProtocolKind>::instance().find("ytf")(); }

Embeddings golden_frames(const fs::path& folder) {
  Embeddings frames = golden_embeddings(folder / "frames.npy");
  for_each_line(read_text(folder / "frames.txt"),
                [&](std::string_view line, int64_t) { frames.names.emplace_back(line); });
  return frames;
}

void check_mode(const Plan& plan, const Embeddings& frames, const Json& expected) {
  const PairList& list = plan.pair_lists.at(0);
  const ItemFeatures features = join_items(plan, frames, nullptr, false).features;
  const std::vector<double> distances = list.items == ItemPairs::kNone
                                            ? score_pairs(list, pool_unit_mean(plan, features))
                                            : score_item_pairs(plan, list, features);
  const std::vector<double> known = golden_numbers(expected["dist"]);
  REQUIRE(distances.size() == known.size());
  double worst = 0;
  for (size_t i = 0; i < known.size(); ++i) worst = std::max(worst, std::abs(distances[i] - known[i]));
  CHECK(worst <= 1e-12);

  std::vector<uint8_t> same;
  std::vector<double> alike;
  for (size_t i = 0; i < known.size(); ++i) {
    same.push_back(list.pairs[i].same);
    alike.push_back(-distances[i]);
  }
  check_rates(expected, sort_scores(alike, same));
  const Accuracy accuracy = k_fold_accuracy(distances, same, list.folds);
  CHECK(accuracy.threshold_index == expected["best_threshold_index"].get<std::vector<int64_t>>());
  const std::vector<double> train = golden_numbers(expected["best_train_accuracy"]);
  for (size_t f = 0; f < train.size(); ++f) CHECK(near(accuracy.train.at(f), train[f], 1e-12));

  const Result result = evaluate(plan, frames, nullptr, {.resamples = 0});
  const Metric& metric = result.metrics.at("accuracy");
  CHECK(near(metric.value, expected["accuracy_mean"], 1e-12));
  CHECK(near(*metric.std, expected["accuracy_std"], 1e-12));
  const std::vector<double> folds = golden_numbers(expected["fold_accuracy"]);
  REQUIRE(metric.folds.size() == folds.size());
  for (size_t f = 0; f < folds.size(); ++f) CHECK(near(metric.folds[f], folds[f], 1e-12));
  CHECK(result.counts.at("failed_items") == 0);
}

}  // namespace

TEST_CASE("YTF: centre, min, mean and max, with and without a header") {
  const fs::path root = golden_eval();
  if (root.empty()) return;
  const fs::path folder = root / "ytf";
  const Json expected = read_json(folder / "expected.json");
  const Embeddings frames = golden_frames(folder);
  for (const char* list : {"splits.txt", "splits_header.txt"}) {
    for (const auto& [mode, e] : expected["modes"].items()) {
      const auto& shown = mode;  // clang 14 captures no structured binding
      CAPTURE(shown);
      CAPTURE(list);
      const Plan plan = ytf().plan({.data = (folder / list).string(),
                                    .folds = e["folds"].get<int64_t>(),
                                    .rows = &frames.names,
                                    .own = {{"--mode", mode}}});
      CHECK(plan.list == list);
      CHECK(std::ssize(plan.templates) == expected["videos"].get<int64_t>());
      CHECK(std::ssize(plan.items) == expected["frames"].get<int64_t>());
      CHECK(std::ssize(plan.pair_lists[0].pairs) == expected["pairs"].get<int64_t>());
      check_mode(plan, frames, e);
    }
  }
}

TEST_CASE("YTF: a video without frames is refused by line, or counted") {
  const fs::path root = golden_eval();
  if (root.empty()) return;
  const Embeddings frames = golden_frames(root / "ytf");
  ProtocolOptions options{.data = (root / "ytf/splits_missing_video.txt").string(), .rows = &frames.names};
  CHECK_THROWS_WITH_AS(ytf().plan(options),
                       doctest::Contains("splits_missing_video.txt:1: no frame of video 'Nobody_Here/0'"),
                       Error);
  options.own["--allow-missing"] = "yes";
  const Result result = evaluate(ytf().plan(options), frames, nullptr, {.resamples = 0});
  CHECK(result.counts.at("failed_templates") == 1);
  CHECK(result.counts.at("failed_genuine") == 1);
}

TEST_CASE("YTF: the official list") {
  const fs::path data = shared_data();
  if (data.empty()) return;
  const Plan plan = ytf().plan({.data = (data / "ytf").string()});
  const std::vector<Pair>& pairs = plan.pair_lists.at(0).pairs;
  REQUIRE(pairs.size() == 5000);
  for (size_t fold = 0; fold < 10; ++fold) {
    int64_t genuine = 0;
    for (size_t i = 500 * fold; i < 500 * (fold + 1); ++i) genuine += pairs[i].same;
    CHECK(genuine == 250);
  }
  for (const auto& [name, count] : plan.published) {
    if (name == "pairs") CHECK(count == 5000);
    if (name == "genuine" || name == "impostor") CHECK(count == 2500);
  }
  // A genuine pair is two videos of one person, an impostor pair of two.
  CHECK(std::all_of(pairs.begin(), pairs.end(), [&](const Pair& p) {
    return p.same == (plan.subjects[static_cast<size_t>(p.a)] == plan.subjects[static_cast<size_t>(p.b)]);
  }));
}
