#include "eval/metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "core/error.h"
#include "core/long_vector.h"
#include "core/parallel.h"
#include "core/sort_descending.h"
#include "eval/bootstrap.h"
#include "eval/evaluate.h"
#include "eval/fold_metrics.h"
#include "eval/pair_bootstrap.h"
#include "eval/roc.h"

namespace fr {

namespace {

// value ± 1.96 standard errors, cut to [0, 1].
Interval normal_interval(double value, double standard_error) {
  const double half = normal_quantile(0.95) * standard_error;
  return {std::max(0.0, value - half), std::min(1.0, value + half)};
}

Metric auc_metric(const SortedScores& sorted) {
  const Auc auc = area_under_roc(sorted);
  Metric metric{.value = auc.value, .rule = "area under the full ROC, ties half"};
  if (std::isfinite(auc.standard_error)) {
    set_interval(metric, normal_interval(auc.value, auc.standard_error), "95 %, DeLong, normal");
  }
  return metric;
}

Metric eer_metric(const SortedScores& sorted, double sign) {
  const Eer eer = equal_error_rate(sorted);
  Metric metric{.value = eer.value, .rule = "full ROC, interpolated to FPR = FNR"};
  if (std::isnan(eer.value)) return metric;
  metric.threshold = sign * eer.threshold;
  metric.far = eer.value;
  const double spread = eer.value * (1 - eer.value) / 4;
  const double error = std::sqrt(spread / static_cast<double>(sorted.genuine_total()) +
                                 spread / static_cast<double>(sorted.impostor_total()));
  set_interval(metric, normal_interval(eer.value, error), "95 %, normal, half total error rate");
  return metric;
}

// Genuine and impostor scores, higher for more alike; failed pairs are counted.
SortedScores sort_pairs(const PairList& list, std::span<const double> scores, double sign) {
  const auto count = std::ssize(scores);
  const int64_t ranges = std::clamp<int64_t>(count >> 16, 1, thread_count());
  // Kinds of pairs: impostor, genuine, failed impostor, failed genuine.
  const auto kind = [&](size_t i) { return list.pairs[i].same + 2u * !std::isfinite(scores[i]); };
  std::vector<std::array<int64_t, 4>> next(static_cast<size_t>(ranges));
  const auto visit = [&](const auto& body) {
    parallel_for(ranges, [&](int64_t r) {
      std::array<int64_t, 4> mine = next[static_cast<size_t>(r)];
      for (int64_t i = count * r / ranges; i < count * (r + 1) / ranges; ++i) {
        body(static_cast<size_t>(i), mine[kind(static_cast<size_t>(i))]++);
      }
      next[static_cast<size_t>(r)] = mine;
    });
  };
  visit([](size_t, int64_t) {});
  std::array<int64_t, 4> total{};
  for (std::array<int64_t, 4>& mine : next) {
    for (size_t k = 0; k < 4; ++k) total[k] += std::exchange(mine[k], total[k]);
  }
  SortedScores sorted{long_vector<double>(total[1]), long_vector<double>(total[0]), total[3], total[2]};
  visit([&](size_t i, int64_t place) {
    if (kind(i) < 2)
      (list.pairs[i].same ? sorted.genuine : sorted.impostor)[static_cast<size_t>(place)] = sign * scores[i];
  });
  sort_descending(sorted.genuine);
  sort_descending(sorted.impostor);
  return sorted;
}

std::vector<double> all_rates(bool folds, std::span<const double> further) {
  std::vector<double> rates =
      folds ? std::vector<double>{1e-1, 1e-2, 1e-3} : std::vector<double>{1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6};
  for (const double rate : further) {
    if (std::find(rates.begin(), rates.end(), rate) == rates.end()) rates.push_back(rate);
  }
  return rates;
}

// The people of both sides of each pair; nobody where the plan knows none.
void note_subjects(const PairList& list, std::span<const int64_t> subjects, PairOutcomes& outcomes) {
  if (subjects.empty()) return;
  for (const Pair& pair : list.pairs) {
    outcomes.subject_a.push_back(subjects[static_cast<size_t>(pair.a)]);
    outcomes.subject_b.push_back(subjects[static_cast<size_t>(pair.b)]);
  }
}

// Replaces the intervals of tar@far by the bootstrap's where its resamples differ at all.
void resample_rates(const PairOutcomes& outcomes, std::span<const double> rates, int64_t resamples,
                    Result& result) {
  const PairSubjects subjects = number_subjects(outcomes.subject_a, outcomes.subject_b);
  const PairBootstrap bootstrap(outcomes.alike, outcomes.same, subjects);
  const Resampling resampling{.resamples = resamples};
  const auto values = resample(
      subjects.count, std::ssize(rates), resampling,
      [&](std::span<const int32_t> weights, std::span<double> tar) { bootstrap.rates(weights, rates, tar); });
  for (size_t j = 0; j < rates.size(); ++j) {
    const Interval interval = percentile_interval(values[j], resampling.confidence);
    if (!(interval.low < interval.high)) continue;
    set_interval(result.metrics.at("tar@far=" + rate_text(rates[j])), interval,
                 fmt::format("95 %, bootstrap of {} subjects, {} resamples", subjects.count, resamples));
  }
}

// What is kept of each pair: likeness (higher is more alike) and label.
PairOutcomes outcomes_of(const PairList& list, std::span<const double> scores, double sign) {
  PairOutcomes outcomes;
  outcomes.alike.reserve(scores.size());
  outcomes.same.reserve(scores.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    outcomes.alike.push_back(std::isfinite(scores[i]) ? sign * scores[i]
                                                      : -std::numeric_limits<double>::infinity());
    outcomes.same.push_back(list.pairs[i].same);
  }
  return outcomes;
}

}  // namespace

void set_interval(Metric& metric, const Interval& interval, const std::string& method) {
  metric.ci_low = interval.low;
  metric.ci_high = interval.high;
  metric.ci_method = method;
}

Metric proportion(int64_t hits, int64_t trials, const std::string& rule) {
  if (trials == 0) return {.value = std::numeric_limits<double>::quiet_NaN(), .rule = rule};
  Metric metric{.value = static_cast<double>(hits) / static_cast<double>(trials), .rule = rule};
  // Hits of two galleries may be more than the probes (spec 6.5): no proportion, and no interval.
  if (hits <= trials) set_interval(metric, clopper_pearson(hits, trials), "95 %, Clopper-Pearson");
  return metric;
}

Metric tar_metric(const TarAtFar& tar, const SortedScores& sorted, double sign, const std::string& rule) {
  if (std::isnan(tar.tar)) return {.value = tar.tar, .rule = rule};
  Metric metric = proportion(tar.accepted, sorted.genuine_total(), rule);
  metric.threshold = sign * tar.threshold;
  metric.far = tar.far;
  return metric;
}

Curve roc_figure(const Roc& roc, const std::string& name) {
  Curve curve{name, {}, {}, "false accept rate", "true accept rate"};
  double next = 0;
  for (size_t i = 0; i < roc.points.size(); ++i) {
    const bool last = i + 1 == roc.points.size();
    if (!last && (roc.points[i + 1].fp == roc.points[i].fp || roc.fpr(i) < next)) continue;
    curve.x.push_back(roc.fpr(i));
    curve.y.push_back(roc.tpr(i));
    next = roc.fpr(i) * std::pow(10.0, 0.005);
  }
  return curve;
}

void add_pair_metrics(const PairList& list, std::span<const double> scores, const PairMetricOptions& options,
                      Result& result) {
  const bool distance = is_distance(options.score);
  const double sign = distance ? -1 : 1;
  const SortedScores sorted = sort_pairs(list, scores, sign);
  result.counts["pairs"] = std::ssize(scores);
  result.counts["genuine"] = sorted.genuine_total();
  result.counts["impostor"] = sorted.impostor_total();
  result.counts["failed_genuine"] = sorted.failed_genuine;
  result.counts["failed_impostor"] = sorted.failed_impostor;

  const bool resampled = options.resamples > 0 && !options.subjects.empty();
  PairOutcomes outcomes;
  if (list.folds > 0 || resampled || options.outcomes != nullptr) outcomes = outcomes_of(list, scores, sign);
  if (list.folds > 0) {
    outcomes.correct =
        add_fold_metrics(scores, outcomes.same, options.score, list.folds, options.far, result);
  }
  Metric auc, eer;
  Roc dropped;
  const std::function<void()> walks[] = {[&] { auc = auc_metric(sorted); },
                                         [&] { eer = eer_metric(sorted, sign); },
                                         [&] { dropped = roc_curve(sorted, true); }};
  parallel_tasks(std::ssize(walks), [&](int64_t i) { walks[i](); });
  result.metrics["auc"] = auc;
  result.metrics["eer"] = eer;

  const std::string exact =
      distance ? "largest FPR <= x: distance < threshold" : "largest FPR <= x: score > threshold";
  const std::vector<double> rates = all_rates(list.folds > 0, options.far);
  for (const double rate : rates) {
    const std::string name = "tar@far=" + rate_text(rate);
    result.metrics[name] = tar_metric(tar_at_far(sorted, rate), sorted, sign, exact);
    if (list.folds > 0) continue;
    result.metrics[name + "/nearest"] =
        tar_metric(tar_at_nearest_far(dropped, rate), sorted, sign,
                   "nearest FPR on the ROC without intermediate points, score >= threshold");
  }
  result.curves.push_back(roc_figure(dropped, "roc"));

  if (resampled || options.outcomes != nullptr) note_subjects(list, options.subjects, outcomes);
  if (resampled) resample_rates(outcomes, rates, options.resamples, result);
  if (options.outcomes != nullptr) *options.outcomes = std::move(outcomes);
}

}  // namespace fr
