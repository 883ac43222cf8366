// Known answers of golden_eval/metrics, `search`: pessimistic ranks and CMC, TPIR by both rules. The
// gallery is the axes, so that the rows of similarities are the probes.
#include "eval/gallery_search.h"
#include "eval/golden.h"

using namespace fr;
using namespace fr::test;

TEST_CASE("search: ranks, CMC and TPIR") {
  const std::filesystem::path root = golden_eval();
  if (root.empty()) return;
  const Json expected = read_json(root / "metrics/expected.json")["search"];
  const Json& similarity = expected["similarity"];
  const auto gallery = std::ssize(similarity.at(0));
  Plan plan;
  TemplateFeatures features{0, gallery, {}, {}};
  const auto add = [&](int64_t subject, const std::vector<double>& row) {
    plan.subjects.push_back(subject);
    plan.templates.push_back({features.count, {}});
    features.values.insert(features.values.end(), row.begin(), row.end());
    features.failed.push_back(0);
    return features.count++;
  };
  GallerySearch search{"G", {}, {}};
  for (int64_t g = 0; g < gallery; ++g) {
    std::vector<double> axis(static_cast<size_t>(gallery));
    axis[static_cast<size_t>(g)] = 1;
    search.gallery.push_back(add(g, axis));
  }
  for (size_t p = 0; p < similarity.size(); ++p) {
    const auto mate = expected["mate"][p].get<int64_t>();
    search.probes.push_back(add(mate < 0 ? gallery : mate, golden_numbers(similarity[p])));
  }

  const SearchScores scores = search_gallery(plan, search, features);
  const std::vector<int64_t> ranks = expected["pessimistic_rank"];
  REQUIRE(scores.mates.size() == ranks.size());
  for (size_t i = 0; i < ranks.size(); ++i) CHECK(scores.mates[i].rank == ranks[i]);
  const std::vector<double> cmc = golden_numbers(expected["pessimistic_cmc"]);
  for (size_t k = 0; k < cmc.size(); ++k) {
    CHECK(near(static_cast<double>(scores.found(static_cast<int64_t>(k) + 1)) /
                   static_cast<double>(scores.mates.size()),
               cmc[k], 1e-12));
  }
  REQUIRE(!expected["tpir"].empty());
  for (const Json& at : expected["tpir"]) {
    CAPTURE(at.dump());
    const Json &exact = at["exact"], &reference = at["ijb_rule"];
    for (const FpirRule rule : {FpirRule::kExact, FpirRule::kReference}) {
      const Json& e = rule == FpirRule::kExact ? exact : reference;
      const TpirAtFpir tpir = tpir_at_fpir(scores, at["fpir"], rule);
      CHECK(tpir.index == e[rule == FpirRule::kExact ? "k" : "index"].get<int64_t>());
      CHECK(tpir.hits == e["hits"].get<int64_t>());
      CHECK(tpir.threshold == golden_number(e["threshold"]));
      CHECK(near(tpir.tpir, e["tpir"], 1e-12));
    }
  }
}
