// The k-th largest of all scores for any k, exactly, however many scores there are: a false accept rate of
// 0.1 of four hundred billion pairs asks for one, which no list of the largest can hold. Two passes over the
// pairs, the counts of the upper and then of the lower 16 bits of a score.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "eval/score_sinks.h"

namespace fr {

struct RankedScore {
  float score = 0;    // -infinity where there are not as many scores
  int64_t above = 0;  // scores strictly larger
};

// For each of `ranks` (0: the largest) the score of that rank among those of all probes with all gallery
// rows, pairs of one person left out. Memory: O(threads * ranks). Throws fr::Error as stream_scores does.
std::vector<RankedScore> scores_at_ranks(const RowSet& probes, const RowSet& gallery,
                                         std::span<const int64_t> ranks, const Subjects& subjects = {},
                                         const StreamOptions& options = {});

}  // namespace fr
