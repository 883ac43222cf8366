// 1:N on galleries small enough for a pencil: ranks under ties, thresholds, failed probes and gallery
// templates.
#include "eval/gallery_search.h"
#include "eval/evaluate.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/error.h"
#include "eval/metrics.h"

using namespace fr;

namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

// Templates 0 … 3 are the axes, subjects 10 … 13, the gallery of all probes.
struct Setting {
  Plan plan;
  TemplateFeatures features;

  Setting() {
    features.dim = 4;
    plan.searches.push_back({"A", {}, {}});
    for (int64_t t = 0; t < 4; ++t) {
      add(10 + t, {t == 0 ? 1. : 0, t == 1 ? 1. : 0, t == 2 ? 1. : 0, t == 3 ? 1. : 0});
      plan.searches[0].gallery.push_back(t);
    }
  }
  void add(int64_t subject, const std::vector<double>& row, bool failed = false) {
    plan.subjects.push_back(subject);
    plan.templates.push_back({100 + features.count, {}});
    features.values.insert(features.values.end(), row.begin(), row.end());
    features.failed.push_back(failed);
    ++features.count;
  }
  void probe(int64_t subject, const std::vector<double>& row, bool failed = false) {
    for (GallerySearch& search : plan.searches) search.probes.push_back(features.count);
    add(subject, row, failed);
  }
};

Setting mixed() {
  Setting s;
  s.probe(10, {0.875, 0.125, 0, 0});
  s.probe(11, {0.5, 0.5, 0, 0});  // its mate ties with another
  s.probe(12, {0.75, 0.625, 0.5, -1});
  s.probe(13, {0, 0, 0, 0}, true);
  s.probe(99, {0.75, 0, 0, 0});
  s.probe(98, {0, 0, 0, 0}, true);
  s.probe(97, {0, 0.25, 0, 0.25});
  return s;
}

}  // namespace

TEST_CASE("ranks are pessimistic, and a failed search finds nobody at any rank") {
  const Setting s = mixed();
  const SearchScores scores = search_gallery(s.plan, s.plan.searches[0], s.features, 3);
  REQUIRE(scores.mates.size() == 4);
  const auto ranks = [](const SearchScores& of) {
    std::vector<int64_t> result;
    for (const MateScore& mate : of.mates) result.push_back(mate.rank);
    return result;
  };
  CHECK(ranks(scores) == std::vector<int64_t>{1, 2, 3, 0});
  CHECK(scores.mates[0].probe == 4);
  CHECK(scores.mates[0].score == 0.875f);
  CHECK(scores.mates[0].best_other == 0.125f);
  CHECK(scores.mates[2].best_other == 0.75f);
  CHECK(scores.mates[3].score == kNever);
  CHECK(scores.strangers == std::vector<float>{0.75f, 0.25f, kNever});
  CHECK(scores.impostors == std::vector<float>{0.75f, 0.75f, 0.625f});
  CHECK(scores.found(1) == 1);
  CHECK(scores.found(2) == 2);
  CHECK(scores.found(10) ==
        3);  // the gallery has four templates, and the failed one is not among the ten best

  SUBCASE("a failed template of the gallery is nobody's mate and nobody's rival") {
    Setting half = mixed();
    half.features.failed[1] = 1;
    const SearchScores rest = search_gallery(half.plan, half.plan.searches[0], half.features);
    CHECK(ranks(rest) == std::vector<int64_t>{1, 0, 2, 0});
    CHECK(rest.failed == 1);
    CHECK(rest.mates[0].best_other == 0);
    CHECK(rest.strangers == std::vector<float>{0.75f, 0.25f, kNever});
  }
  SUBCASE("a gallery of failed templates") {
    Setting none = mixed();
    std::fill_n(none.features.failed.begin(), 4, uint8_t{1});
    const SearchScores nothing = search_gallery(none.plan, none.plan.searches[0], none.features, 2);
    CHECK(ranks(nothing) == std::vector<int64_t>{0, 0, 0, 0});
    CHECK(nothing.impostors.empty());
    CHECK(tpir_at_fpir(nothing, 1, FpirRule::kReference).hits == 0);
  }
}

TEST_CASE("TPIR: both rules, strict, over the probes with a mate") {
  const Setting s = mixed();
  const SearchScores scores = search_gallery(s.plan, s.plan.searches[0], s.features);
  const auto check = [&](double fpir, FpirRule rule, int64_t index, double threshold, double reached) {
    const TpirAtFpir tpir = tpir_at_fpir(scores, fpir, rule);
    CAPTURE(fpir);
    CHECK(tpir.index == index);
    CHECK(tpir.threshold == threshold);
    CHECK(tpir.hits == 1);
    CHECK(tpir.tpir == 0.25);
    CHECK(tpir.fpir == reached);
  };
  check(0.1, FpirRule::kReference, 0, 0.75, 0);
  check(1.0 / 3, FpirRule::kReference, 0, 0.75, 0);
  check(2.0 / 3, FpirRule::kReference, 1, 0.25, 1.0 / 3);
  check(1, FpirRule::kReference, 2, kNever, 2.0 / 3);
  check(0.1, FpirRule::kExact, 0, 0.75, 0);
  check(1.0 / 3, FpirRule::kExact, 1, 0.25, 1.0 / 3);
  check(1, FpirRule::kExact, 3, kNever, 2.0 / 3);

  SearchScores tied = scores;
  tied.strangers[0] = 0.875f;  // a stranger as good as the best mate
  CHECK(tpir_at_fpir(tied, 0.1, FpirRule::kReference).hits == 0);
  tied.strangers.clear();
  CHECK(std::isnan(tpir_at_fpir(tied, 0.1, FpirRule::kReference).tpir));
}

TEST_CASE("both galleries: ranks pooled over all probes, TPIR averaged; the result names the rule") {
  Setting s = mixed();
  s.plan.searches.push_back({"B", s.plan.searches[0].probes, {s.features.count}});
  s.add(97, {0, 1, 0, 0});
  Result result;
  add_search_metrics(s.plan, s.features, {.resamples = 0}, result);
  CHECK(result.metrics.at("rank-1").value == 2.0 / 7);  // one in A, the probe of subject 97 in B
  CHECK(result.metrics.at("rank-5").value == 4.0 / 7);
  CHECK(result.metrics.at("tpir@fpir=1e-1/A").value == 0.25);
  CHECK(result.metrics.at("tpir@fpir=1e-1/B").value == 0);  // 0.25 is below the best of the strangers, 0.625
  CHECK(result.metrics.at("tpir@fpir=1e-1").value == 0.125);
  CHECK(result.metrics.at("tpir@fpir=1/B").value == 1);
  CHECK(result.metrics.at("tpir@fpir=1e-1/exact").value == 0.125);
  CHECK(result.counts.at("probes") == 7);
  CHECK(result.counts.at("failed_probes") == 2);
  CHECK(result.counts.at("mated_A") == 4);
  CHECK(result.counts.at("strangers_B") == 6);
  CHECK(result.variant.at("1:N").starts_with("corrected rule"));
  CHECK_FALSE(result.metrics.contains("rank-1/legacy"));

  SUBCASE("the legacy rule wants a mate for every probe") {
    CHECK_THROWS_WITH_AS(
        add_search_metrics(s.plan, s.features, {.resamples = 0, .legacy_search = true}, result),
        "1:N, legacy rule: probe template 108 (subject 99) has no mate in gallery A+B, and the "
        "rule knows no such probes",
        Error);
    for (GallerySearch& search : s.plan.searches) search.probes = {4, 5, 6, 7, 10};
    Result legacy;
    add_search_metrics(s.plan, s.features, {.resamples = 0, .legacy_search = true}, legacy);
    // ceil(5 * 0.1) = 1: above the best score of all non-mates, 0.75 (which occurs once), is one mate of
    // five.
    CHECK(legacy.metrics.at("tpir@fpir=1e-1/legacy").value == 0.2);
    CHECK(*legacy.metrics.at("tpir@fpir=1e-1/legacy").threshold == 0.75);
    CHECK(legacy.metrics.at("rank-1/legacy").value == 0.2);  // 97 ties with template 1 of A
    CHECK(legacy.counts.at("gallery_A+B") == 5);
    CHECK(legacy.variant.at("1:N").starts_with("legacy rule"));
    CHECK_FALSE(legacy.metrics.contains("rank-1"));
  }
  SUBCASE("a subject with two templates in a gallery") {
    s.plan.searches[0].gallery.push_back(s.features.count);
    s.add(12, {0, 0, 1, 0});
    CHECK_THROWS_WITH_AS(add_search_metrics(s.plan, s.features, {.resamples = 0}, result),
                         "1:N: subject 12 has the templates 102 and 112 in gallery A", Error);
  }
}
