// Known answers of golden_eval/ijb. 1:1: templates, scores and rates of the eight poolings, lists to refuse;
// 1:N: ranks, thresholds and hits of both rules.
#include "core/parallel.h"
#include "eval/evaluate.h"
#include "eval/gallery_search.h"
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

std::vector<int64_t> ids_of(const Plan& plan, const std::vector<int64_t>& templates) {
  std::vector<int64_t> ids;
  for (const int64_t t : templates) ids.push_back(plan.templates[static_cast<size_t>(t)].id);
  return ids;
}

std::vector<int64_t> ranks_of(const SearchScores& scores) {
  std::vector<int64_t> ranks;
  for (const MateScore& mate : scores.mates) ranks.push_back(mate.rank);
  return ranks;
}

// golden_eval/ijb with another list of probes in place of the mixed one.
struct Search {
  ScratchFolder scratch;
  Plan plan;
  Embeddings features;
  TemplateFeatures templates;

  Search(const fs::path& folder, const std::string& probes) {
    fs::copy(folder / "IJBC", scratch / "IJBC", fs::copy_options::recursive);
    const fs::path meta = scratch / "IJBC/meta";
    fs::permissions(meta, fs::perms::owner_all);
    fs::remove(meta / "ijbc_1N_probe_mixed.csv");
    fs::copy_file(folder / "IJBC/meta" / probes, meta / "ijbc_1N_probe_mixed.csv");
    plan = ijb_plan("ijbc", {.data = scratch.path().string()});
    features = golden_embeddings(folder / "features.npy");
    templates = pool_media(plan, join_items(plan, features, nullptr, true).features, {});
  }
};

constexpr double kScore = 1e-6;  // f32 scores against f64 ones

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

TEST_CASE("IJB-C 1:N: the corrected rule") {
  const fs::path root = golden_eval();
  if (root.empty()) return;
  const fs::path folder = root / "ijb";
  const Json all = read_json(folder / "expected.json");
  for (const char* name : {"one_to_many", "one_to_many_open"}) {
    CAPTURE(name);
    const Json& expected = all[name];
    const Search search(folder, expected["probes_file"]);
    REQUIRE(search.plan.searches.size() == expected["galleries"].size());
    CHECK(ids_of(search.plan, search.plan.searches[0].probes) ==
          expected["probe_template_ids"].get<std::vector<int64_t>>());
    for (const GallerySearch& gallery : search.plan.searches) {
      const Json& e = expected["galleries"][gallery.name];
      CAPTURE(gallery.name);
      CHECK(ids_of(search.plan, gallery.gallery) == e["gallery_template_ids"].get<std::vector<int64_t>>());
      const SearchScores scores = search_gallery(search.plan, gallery, search.templates);
      CHECK(std::ssize(scores.mates) == e["mated"].get<int64_t>());
      CHECK(std::ssize(scores.strangers) == e["non_mated"].get<int64_t>());
      CHECK(ranks_of(scores) == e["ranks"].get<std::vector<int64_t>>());
      CHECK(scores.found(1) == e["top1"].get<int64_t>());
      CHECK(scores.found(5) == e["top5"].get<int64_t>());
      CHECK(scores.found(10) == e["top10"].get<int64_t>());
      for (const Json& at : e["tpir"]) {
        CAPTURE(at.dump());
        const TpirAtFpir tpir = tpir_at_fpir(scores, at["far"], FpirRule::kReference);
        CHECK(tpir.index == at["index"].get<int64_t>());
        CHECK(tpir.hits == at["hits"].get<int64_t>());
        CHECK(near(tpir.threshold, at["threshold"], kScore));
        CHECK(near(tpir.tpir, at["tpir"], 1e-12));
      }
    }
    const Result result = evaluate(search.plan, search.features, nullptr, {.concatenated_flip = true});
    for (const int rank : {1, 5, 10}) {
      CHECK(near(result.metrics.at(fmt::format("rank-{}", rank)).value, expected[fmt::format("top{}", rank)],
                 1e-12));
    }
    for (const Json& at : expected["mean_tpir"]) {
      CAPTURE(at.dump());
      const double shown = std::pow(10.0, std::round(std::log10(at["far"].get<double>())));
      CHECK(near(result.metrics.at("tpir@fpir=" + rate_text(shown)).value, at["tpir"], 1e-12));
    }
    CHECK(result.variant.at("pooling") == "N1D1F1");
  }
}

TEST_CASE("IJB-C 1:N: the legacy rule") {
  const fs::path root = golden_eval();
  if (root.empty()) return;
  const fs::path folder = root / "ijb";
  const Json expected = read_json(folder / "expected.json")["one_to_many_legacy"];
  const Search search(folder, "ijbc_1N_probe_mixed.csv");
  const SearchScores scores = search_joined_galleries(search.plan, search.templates);
  CHECK(scores.probes() == expected["probes"].get<int64_t>());
  CHECK(scores.gallery == expected["gallery"].get<int64_t>());
  CHECK(ranks_of(scores) == expected["ranks"].get<std::vector<int64_t>>());
  for (const Json& at : expected["recall"]) {
    CAPTURE(at.dump());
    const LegacyRecall recall = legacy_recall(scores, at["far"]);
    CHECK(recall.k == at["k"].get<int64_t>());
    CHECK(recall.hits == at["hits"].get<int64_t>());
    CHECK(near(recall.threshold, at["threshold"], kScore));
    CHECK(near(recall.recall, at["recall"], 1e-12));
  }
  const Result result =
      evaluate(search.plan, search.features, nullptr, {.concatenated_flip = true, .legacy_search = true});
  CHECK(near(result.metrics.at("rank-1/legacy").value, expected["top1"], 1e-12));
  CHECK(near(result.metrics.at("tpir@fpir=1e-1/legacy").value, expected["recall"][1]["recall"], 1e-12));

  REQUIRE(expected["probe_open"].get<std::string>().starts_with("refused"));
  const Search open(folder, "ijbc_1N_probe_open.csv");
  CHECK_THROWS_AS(search_joined_galleries(open.plan, open.templates), Error);
}
