// Known answers of golden_eval/ijb, 1:1: templates, scores and rates of the eight poolings; lists to refuse.
#include "core/parallel.h"
#include "eval/evaluate.h"
#include "eval/golden.h"
#include "eval/ijb_plan.h"
#include "eval/protocol.h"

using namespace fr;
using namespace fr::test;
namespace fs = std::filesystem;

namespace {

double worst_difference(std::span<const double> ours, const fs::path& file) {
  const std::vector<double> expected = Npy(file).doubles();
  REQUIRE(ours.size() == expected.size());
  double worst = 0;
  for (size_t i = 0; i < ours.size(); ++i) worst = std::max(worst, std::abs(ours[i] - expected[i]));
  return worst;
}

}  // namespace

TEST_CASE("IJB-C 1:1: every pooling") {
  const fs::path root = golden_eval();
  if (root.empty()) return;
  const fs::path folder = root / "ijb";
  const Json expected = read_json(folder / "expected.json");
  const Plan plan = ijb_plan("ijbc", {.data = folder.string()});
  const Json ids = read_json(folder / "template_ids.json");
  REQUIRE(plan.templates.size() == ids.size());
  for (size_t i = 0; i < ids.size(); ++i) CHECK(plan.templates[i].id == ids[i].get<int64_t>());

  const Embeddings features = golden_embeddings(folder / "features.npy");
  const JoinedItems items = join_items(plan, features, nullptr, true);
  int variants = 0;
  for (const auto& [name, e] : expected.items()) {
    if (!e.is_object() || !e.contains("templates")) continue;
    const auto& shown = name;  // clang 14 captures no structured binding
    CAPTURE(shown);
    ++variants;
    const MediaPooling pooling = parse_media_pooling(name);
    CHECK(pooling.keep_norm == e["norm_kept"].get<bool>());
    CHECK(pooling.detector_score == e["detector_score"].get<bool>());
    CHECK(pooling.flip == e["flip"].get<bool>());
    const TemplateFeatures templates = pool_media(plan, items.features, pooling);
    CHECK(worst_difference(templates.values, folder / e["templates"].get<std::string>()) <= 1e-12);
    const std::vector<double> scores = score_pairs(plan.pair_lists[0], templates);
    CHECK(worst_difference(scores, folder / e["scores"].get<std::string>()) <= 1e-12);

    std::vector<uint8_t> same;
    for (const Pair& pair : plan.pair_lists[0].pairs) same.push_back(pair.same);
    const SortedScores sorted = sort_scores(scores, same);
    check_rates(e, sorted);
    const Roc dropped = roc_curve(sorted, true);
    for (size_t i = 0; i < expected["fpr_grid"].size(); ++i) {
      const double tar = tar_at_nearest_far(dropped, expected["fpr_grid"][i]).tar;
      CHECK(fmt::format("{:.2f}", tar * 100) == e["printed"][i].get<std::string>());
    }

    const Result result = evaluate(plan, features, nullptr, {.pooling = pooling, .concatenated_flip = true});
    CHECK(near(result.metrics.at("auc").value, e["auc"], 1e-12));
    CHECK(near(result.metrics.at("tar@far=1e-3/nearest").value, e["nearest"][3]["tar"], 1e-12));
    CHECK(result.variant.at("pooling") == name);
  }
  CHECK(variants == 8);
}

TEST_CASE("IJB-C 1:1: malformed lists are refused with file and line") {
  const fs::path root = golden_eval();
  if (root.empty()) return;
  const fs::path folder = root / "ijb";
  const Json expected = read_json(folder / "expected.json");
  REQUIRE(!expected["refuse"].empty());
  for (const auto& [bad, place] : expected["refuse"].items()) {
    const auto& shown = bad;  // clang 14 captures no structured binding
    CAPTURE(shown);
    const std::string target = place.get<std::string>().substr(std::string("in place of ").size());
    ScratchFolder scratch;
    fs::copy(folder / "IJBC", scratch / "IJBC", fs::copy_options::recursive);
    fs::permissions(scratch / "IJBC/meta", fs::perms::owner_all);
    fs::remove(scratch / "IJBC/meta" / target);
    fs::copy_file(folder / bad, scratch / "IJBC/meta" / target);
    try {
      ijb_plan("ijbc", {.data = scratch.path().string()});
      FAIL("accepted");
    } catch (const Error& error) {
      const std::string text = error.what();
      CAPTURE(text);
      CHECK(text.find(".txt:") != std::string::npos);
      CHECK(text.find('\n') == std::string::npos);
    }
  }
}
