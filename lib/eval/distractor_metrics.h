// What a DistractorSearch reports (spec 6.3, 6.6): CMC, TAR@FAR, ROC, open-set identification.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "eval/distractor_search.h"
#include "eval/evaluate.h"
#include "eval/result.h"
#include "eval/roc.h"

namespace fr {

// The largest scores that are kept at most for the exact part of a ROC curve.
inline constexpr int64_t kCurveScores = int64_t{1} << 22;

// Trials whose mate is among the best `rank` (>= 1) when it stands among the distractors. Pessimistic: a
// distractor with the mate's score ranks first.
int64_t rank_hits(std::span<const RankSink::Above> above, int64_t rank, bool pessimistic);

// Open-set identification (spec 6.6): threshold = the (k+1)-th largest of the probes' best distractor scores,
// k the largest with k / probes <= fpir. A hit: the mate's score exceeds it and its probe's best distractor.
struct Identification {
  int64_t k = 0, hits = 0,
          hits_ties_for_mate = 0;  // the latter: equal to the best distractor is a hit as well
  double threshold = 0;
};
Identification identify(const Trials& trials, const DistractorScores& scores, double fpir);

// Scores the plan's search and adds its metrics, counts, curves, variant and timing to the result. May
// replace rows of `items` (noise). Throws fr::Error when a FAR asks for more impostor scores than can be
// kept.
void add_distractor_search(const Plan& plan, JoinedItems& items, const EvaluateOptions& options,
                           Result& result);

}  // namespace fr
