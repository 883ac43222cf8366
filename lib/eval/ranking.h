// Ranked retrieval: mean average precision of lists, and what a Result says of it.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "eval/plan.h"
#include "eval/result.h"
#include "eval/score_sinks.h"

namespace fr {

// lists[q]: items given for query q, best first.
using RankedLists = std::vector<std::vector<int64_t>>;

struct AveragePrecisions {
  double mean = 0;             // over the queries; NaN where there are none
  std::vector<double> of;      // (queries)
  std::vector<int64_t> found;  // (queries) true items among the first `depth`
};

// MAP@depth (spec 6.7). Of a list, repeats are removed keeping the first, then what is left is cut at
// `depth`; AP is the sum of the precisions at its hits over the number of true items, all of them, also
// beyond `depth`. truth[q] (queries) are distinct items, at least one; lists and truth are of equal length,
// and a query nobody answered has an empty list.
AveragePrecisions map_at(int64_t depth, const RankedLists& lists,
                         std::span<const std::vector<int64_t>> truth);

// The candidates (rows of the sink's gallery) that a probe found best.
std::vector<int64_t> ranked_items(const TopKSink& sink, int64_t probe, std::span<const int64_t> candidates);

// Metric "map@DEPTH" with the bootstrap interval of the identities, and the counts of the ranking.
void add_ranking_metrics(const Ranking& ranking, const RankedLists& lists, Result& result);

}  // namespace fr
