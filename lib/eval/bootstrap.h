// Bootstrap by subject: whole people are drawn with replacement, so that the pairs or searches of one person,
// which hang together, stay together. The same numbers for any number of threads.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "eval/interval.h"

namespace fr {

struct Resampling {
  int64_t resamples = 1000;
  uint64_t seed = 0;
  double confidence = 0.95;
};

// How often each subject is drawn in `resample`: (subjects), sum = subjects.
std::vector<int32_t> draw_subjects(int64_t subjects, int64_t resample, uint64_t seed);

// Percentile interval of (resamples) values: its ends are the quantiles q = (1 ∓ confidence) / 2, each the
// smallest value that at least the share q does not exceed. Undefined values (NaN) are left out; NaN when
// fewer than half are left.
Interval percentile_interval(std::vector<double> values, double confidence);

// values[j][r] = statistic j of resample r. statistics(weights, values): writes `count` numbers for the
// people drawn `weights` (subjects) times each; called by several threads.
using Statistics = std::function<void(std::span<const int32_t> weights, std::span<double> values)>;
std::vector<std::vector<double>> resample(int64_t subjects, int64_t count, const Resampling& resampling,
                                          const Statistics& statistics);

// Interval of sum(hits) / sum(trials), both (subjects): accuracy, rank-k, TPIR and TAR at given thresholds;
// mean average precision with its sums as hits.
Interval bootstrap_ratio(std::span<const double> hits, std::span<const double> trials,
                         const Resampling& resampling);

}  // namespace fr
