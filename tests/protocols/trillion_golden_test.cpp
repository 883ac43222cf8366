// Known answers of golden_eval/trillion: the submission matrix, verification and identification.
#include <algorithm>
#include <cstring>

#include "eval/distractor_metrics.h"
#include "eval/golden.h"
#include "eval/protocol.h"
#include "eval/unit_rows.h"
#include "store/matrix.h"
#include "store/store.h"

using namespace fr;
using namespace fr::test;
namespace fs = std::filesystem;

TEST_CASE("Trillion-Pairs: verification and identification from the submission") {
  const fs::path root = golden_eval();
  if (root.empty()) return;
  const fs::path folder = root / "trillion";
  const Json expected = read_json(folder / "expected.json");
  Plan plan = Registry<ProtocolKind>::instance().find("trillion_pairs")().plan({.data = folder.string()});
  REQUIRE(std::ssize(plan.items) == expected["rows"].get<int64_t>());
  CHECK(std::ssize(plan.distractor_search->probes) == expected["probes"].get<int64_t>());
  CHECK(std::ssize(plan.distractor_search->distractors) == expected["distractors"].get<int64_t>());
  CHECK(plan.items[0].has_landmarks);

  const Embeddings rows = read_embeddings(folder / "submission.bin");
  CHECK(rows.owned.f32() == nullptr);  // mapped
  const Embeddings features = golden_embeddings(folder / "features.npy");
  REQUIRE(rows.rows == features.rows);
  REQUIRE(rows.dim == features.dim);
  CHECK(std::memcmp(rows.values, features.values,
                    sizeof(float) * static_cast<size_t>(rows.rows * rows.dim)) == 0);
  ScratchFolder scratch;
  write_matrix(scratch / "again.bin", rows.rows, rows.dim,
               [&](int64_t i, float* row) { std::copy_n(rows.row(i).data(), rows.dim, row); });
  CHECK(read_text(scratch / "again.bin") == read_text(folder / "submission.bin"));

  EvaluateOptions options;
  for (const Json& e : expected["verification"]) options.far.push_back(e["far"]);
  plan.distractor_search->fpir.clear();
  for (const Json& e : expected["identification"]) plan.distractor_search->fpir.push_back(e["fpr"]);
  const Result result = evaluate(plan, rows, nullptr, options);
  CHECK(result.variant.at("definition").find("own") != std::string::npos);
  REQUIRE(!expected["verification"].empty());
  for (const Json& e : expected["verification"]) {
    CAPTURE(e.dump());
    const Metric& metric = result.metrics.at("tar@far=" + rate_text(e["far"]));
    CHECK(near(metric.value, e["tar"], 1e-12));
    CHECK(same_far(*metric.far, e));
    CHECK(near(*metric.threshold, e["threshold"], 1e-6));
    CHECK(result.counts.at("genuine") == e["genuine"].get<int64_t>());
    CHECK(result.counts.at("impostor") == e["impostors"].get<int64_t>());
  }

  JoinedItems items = join_items(plan, rows, nullptr, false);
  const Trials trials = make_trials(*plan.distractor_search, plan.subjects);
  const DistractorScores scores =
      score_distractors(*plan.distractor_search, plan.subjects, trials, items.features, {.best = true});
  REQUIRE(!expected["identification"].empty());
  for (const Json& e : expected["identification"]) {
    CAPTURE(e.dump());
    const Identification id = identify(trials, scores, e["fpr"]);
    CHECK(id.k == e["k"].get<int64_t>());
    CHECK(id.hits == e["hits"].get<int64_t>());
    CHECK(id.hits_ties_for_mate == e["hits_ties_for_mate"].get<int64_t>());
    CHECK(near(id.threshold, e["threshold"], 1e-6));
    CHECK(trials.count() == e["trials"].get<int64_t>());
    CHECK(near(result.metrics.at("tpir@fpir=" + rate_text(e["fpr"])).value, e["tpr"], 1e-12));
  }
}
