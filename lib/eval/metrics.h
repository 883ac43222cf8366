// Metrics: the numbers that the scores of pair lists and searches give, each with its rule and confidence
// interval.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "eval/interval.h"
#include "eval/outcomes.h"
#include "eval/plan.h"
#include "eval/pool.h"
#include "eval/result.h"
#include "eval/roc.h"

namespace fr {

struct EvaluateOptions;

struct PairMetricOptions {
  PairScore score = PairScore::kSquaredDistance;  // what the scores are
  std::span<const double> far{};                  // further false accept rates
  std::span<const int64_t> subjects{};            // (templates) as Plan::subjects; may be empty
  int64_t resamples = 0;                          // of the subjects, for the intervals of tar@far; 0: none
  PairOutcomes* outcomes = nullptr;               // filled where given
};

// Adds to result.metrics, .counts and .curves for one pair list. scores (pairs); not finite: a failed pair.
//   folds > 0: accuracy, val@far=1e-3; tar@far at 1e-1, 1e-2, 1e-3
//   folds == 0: tar@far at 1e-1 … 1e-6 by the exact and the nearest rule
//   both: auc, eer; `far` adds further rates.
// The interval of tar@far is the bootstrap's by subject where there are subjects and resamples, unless all
// resamples agree; else Clopper and Pearson's.
void add_pair_metrics(const PairList& list, std::span<const double> scores, const PairMetricOptions& options,
                      Result& result);

// hits of trials, NaN without any, with its exact (Clopper-Pearson) interval.
Metric proportion(int64_t hits, int64_t trials, const std::string& rule);

// TAR at a FAR with its interval; sign -1: the thresholds of `tar` are negated distances.
Metric tar_metric(const TarAtFar& tar, const SortedScores& sorted, double sign, const std::string& rule);

// The highest point of each FPR, at most one a step of 0.005 in log10 FPR: what a figure can show.
Curve roc_figure(const Roc& roc, const std::string& name);

void set_interval(Metric& metric, const Interval& interval, const std::string& method);
// Adds for the searches of the plan rank-1, -5, -10 and tpir@fpir, or, with legacy_search, their forms by the
// legacy rule under names that end in "/legacy"; counts of both sides (eval/gallery_search.h). Intervals of
// the former are by resampling of the probes' subjects, the others, and without resamples, Clopper and
// Pearson's.
void add_search_metrics(const Plan& plan, const TemplateFeatures& templates, const EvaluateOptions& options,
                        Result& result);

}  // namespace fr
