// A submission of ranked videos, as somebody else wrote it; judged and written again.
#include "eval/identity_lists.h"
#include "eval/ranking.h"
#include "fuzz.h"

namespace fr::fuzz {

std::vector<std::string> seeds() { return {"1 a.mp4 b.mp4\n2 c.mp4 stranger.mp4 \r\n7 a.mp4\n"}; }

void run(std::string_view input) {
  Plan plan;
  for (const char* name : {"a.mp4", "b.mp4", "c.mp4"}) plan.items.push_back({.name = name, .file = {}});
  Ranking ranking;
  ranking.identities = {1, 2};
  ranking.candidates = {0, 1, 2};
  ranking.truth = {{0}, {1, 2}};
  ranking.depth = 3;
  for (const bool cut : {false, true}) {
    Result result;
    add_ranking_metrics(ranking, parse_submission(input, "submission.txt", plan, ranking, cut), result);
  }
}

}  // namespace fr::fuzz
