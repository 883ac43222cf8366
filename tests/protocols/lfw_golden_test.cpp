// LFW view 2 on real faces: the official list and a published network's embeddings give the numbers that
// insightface's own script printed (README.md beside the data).
#include "eval/evaluate.h"
#include "eval/golden.h"
#include "eval/protocol.h"

using namespace fr;
using namespace fr::test;
namespace fs = std::filesystem;

namespace {

std::string digits(double value, int places) { return fmt::format("{:.{}f}", value, places); }

}  // namespace

TEST_CASE("LFW: counts, accuracy, folds, AUC and TAR digit for digit") {
  const fs::path data = shared_data();
  if (data.empty()) return;
  const fs::path folder = data / "lfw";
  const Plan plan = Registry<ProtocolKind>::instance().find("lfw")().plan({.data = folder.string()});
  CHECK(plan.items.size() == 7701);
  CHECK(plan.pair_lists[0].pairs.size() == 6000);
  for (size_t fold = 0; fold < 10; ++fold) {
    int64_t genuine = 0;
    for (size_t i = 600 * fold; i < 600 * (fold + 1); ++i) genuine += plan.pair_lists[0].pairs[i].same;
    CHECK(genuine == 300);
  }
  CHECK(fs::exists(plan.items[7700].file));

  Embeddings embeddings = golden_embeddings(folder / "mobilefacenet_embeddings.npy");
  for_each_line(read_text(folder / "mobilefacenet_embeddings.txt"),
                [&](std::string_view line, int64_t) { embeddings.names.emplace_back(line); });
  const Result result = evaluate(plan, embeddings, nullptr, {});
  const Metric& accuracy = result.metrics.at("accuracy");
  CHECK(digits(accuracy.value, 5) == "0.98550");
  CHECK(digits(*accuracy.std, 7) == "0.0070730");
  const double folds[10] = {.983333, .988333, .978333, .978333, .973333, .995, .985, .99, .996667, .986667};
  REQUIRE(accuracy.folds.size() == 10);
  for (size_t i = 0; i < 10; ++i) CHECK(digits(accuracy.folds[i], 6) == digits(folds[i], 6));
  CHECK(digits(result.metrics.at("auc").value, 8) == "0.99818933");
  CHECK(digits(result.metrics.at("tar@far=1e-2").value, 6) == "0.984000");
  CHECK(digits(result.metrics.at("tar@far=1e-3").value, 6) == "0.956333");
  CHECK(result.counts.at("failed_items") == 0);
  CHECK(result.counts.at("extra_rows") == 0);
}
