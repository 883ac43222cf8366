// The metrics of a pair list that is cut into folds: accuracy and val@far, on distances, cosines or scores of
// any scale.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "eval/plan.h"
#include "eval/result.h"

namespace fr {

// Adds accuracy, and where the scores have a grid (squared distances, cosines) val at 1e-3 and at `far`, to
// result.metrics. scores (pairs) of kind `score`, same (pairs). Thresholds are in the scores' own unit.
// Returns which pairs the accuracy's thresholds judge rightly: (pairs).
std::vector<uint8_t> add_fold_metrics(std::span<const double> scores, std::span<const uint8_t> same,
                                      PairScore score, int64_t folds, std::span<const double> far,
                                      Result& result);

}  // namespace fr
