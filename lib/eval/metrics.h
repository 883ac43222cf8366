// Metrics: the numbers a pair list's scores give, each with its rule and confidence interval.
#pragma once
#include <span>

#include "eval/plan.h"
#include "eval/result.h"

namespace fr {

// Adds to result.metrics, .counts and .curves for one pair list. scores (pairs) as score_pairs gives them.
//   folds > 0: accuracy, val@far=1e-3; tar@far at 1e-1, 1e-2, 1e-3
//   folds == 0: tar@far at 1e-1 … 1e-6 by the exact and the nearest rule
//   both: auc, eer; `far` adds further rates.
void add_pair_metrics(const PairList& list, std::span<const double> scores, std::span<const double> far,
                      Result& result);

}  // namespace fr
