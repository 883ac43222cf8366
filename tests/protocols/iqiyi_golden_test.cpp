// Known answers of golden_eval/iqiyi: a submission scored identity by identity, and one that is too long.
#include "eval/golden.h"
#include "eval/identity_lists.h"
#include "eval/protocol.h"

using namespace fr;
using namespace fr::test;
namespace fs = std::filesystem;

TEST_CASE("iQIYI-VID: MAP@100 of a submission") {
  const fs::path root = golden_eval();
  if (root.empty()) return;
  const fs::path folder = root / "iqiyi";
  const Json expected = read_json(folder / "expected.json");
  const Plan plan = Registry<ProtocolKind>::instance().find("iqiyi_vid")().plan({.data = folder.string()});
  const Ranking& ranking = plan.rankings.at(0);
  CHECK(ranking.depth == expected["cut"].get<int64_t>());
  REQUIRE(std::ssize(ranking.identities) == expected["identities"].get<int64_t>());
  for (size_t q = 0; q < ranking.identities.size(); ++q)
    CHECK(std::ssize(ranking.truth[q]) ==
          expected["gt_sizes"][std::to_string(ranking.identities[q])].get<int64_t>());

  const fs::path file = folder / "submission.txt",
                 longer = folder / expected["over_100"]["file"].get<std::string>();
  const RankedLists lists = parse_submission(read_text(file), file.string(), plan, ranking);
  const AveragePrecisions map = map_at(ranking.depth, lists, ranking.truth);
  CHECK(near(map.mean, expected["map"], 1e-12));
  for (size_t q = 0; q < ranking.identities.size(); ++q) {
    CAPTURE(ranking.identities[q]);
    CHECK(near(map.of[q], expected["average_precision"][std::to_string(ranking.identities[q])], 1e-12));
  }
  Result result;
  add_ranking_metrics(ranking, lists, result);
  CHECK(result.metrics.at("map@100").value == map.mean);

  CHECK_THROWS_WITH_AS(parse_submission(read_text(longer), longer.string(), plan, ranking),
                       doctest::Contains(".txt:"), Error);
  const RankedLists cut = parse_submission(read_text(longer), longer.string(), plan, ranking, true);
  CHECK(near(map_at(ranking.depth, cut, ranking.truth).mean, expected["over_100"]["cut_at_100"], 1e-12));
}
