#include "eval/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "eval/accuracy.h"
#include "eval/evaluate.h"
#include "eval/interval.h"
#include "eval/roc.h"
#include "eval/validation_rate.h"

namespace fr {

namespace {

void set_interval(Metric& metric, const Interval& interval, const std::string& method) {
  metric.ci_low = interval.low;
  metric.ci_high = interval.high;
  metric.ci_method = method;
}

// value ± 1.96 standard errors, cut to [0, 1].
Interval normal_interval(double value, double standard_error) {
  return {std::max(0.0, value - kNormal95 * standard_error),
          std::min(1.0, value + kNormal95 * standard_error)};
}

void set_fold_interval(Metric& metric) {
  if (metric.folds.size() < 2) return;
  const Interval interval = t_interval(metric.folds);
  set_interval(metric, {std::max(0.0, interval.low), std::min(1.0, interval.high)}, "95 %, t over folds");
}

Metric accuracy_metric(std::span<const double> distances, std::span<const uint8_t> same, int64_t folds) {
  Accuracy accuracy = k_fold_accuracy(distances, same, folds);
  Metric metric{.value = accuracy.mean,
                .rule = fmt::format("{}-fold, distance < threshold, first best of the grid j*0.01 on the "
                                    "training part; std over folds, ddof 0",
                                    accuracy.folds.size())};
  metric.std = accuracy.std;
  metric.threshold = mean_std(accuracy.thresholds).mean;
  metric.folds = std::move(accuracy.folds);
  metric.thresholds = std::move(accuracy.thresholds);
  metric.far = accuracy.far;
  set_fold_interval(metric);
  return metric;
}

Metric validation_metric(std::span<const double> distances, std::span<const uint8_t> same, int64_t folds,
                         double far) {
  Metric metric;
  metric.rule = fmt::format("{}-fold, threshold interpolated (slinear) to FAR {} on the training part", folds,
                            rate_text(far));
  try {
    ValidationRate rate = validation_rate(distances, same, folds, far);
    metric.value = rate.mean;
    metric.std = rate.std;
    metric.far = rate.far;
    metric.threshold = mean_std(rate.thresholds).mean;
    metric.folds = std::move(rate.folds);
    metric.thresholds = std::move(rate.thresholds);
    set_fold_interval(metric);
  } catch (const Error& error) {
    metric.value = std::numeric_limits<double>::quiet_NaN();
    metric.rule = error.what();
  }
  return metric;
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

std::vector<double> all_rates(bool folds, std::span<const double> further) {
  std::vector<double> rates =
      folds ? std::vector<double>{1e-1, 1e-2, 1e-3} : std::vector<double>{1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6};
  for (const double rate : further) {
    if (std::find(rates.begin(), rates.end(), rate) == rates.end()) rates.push_back(rate);
  }
  return rates;
}

}  // namespace

Metric proportion(int64_t hits, int64_t trials, const std::string& rule) {
  if (trials == 0) return {.value = std::numeric_limits<double>::quiet_NaN(), .rule = rule};
  Metric metric{.value = static_cast<double>(hits) / static_cast<double>(trials), .rule = rule};
  set_interval(metric, clopper_pearson(hits, trials), "95 %, Clopper-Pearson");
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

void add_pair_metrics(const PairList& list, std::span<const double> scores, std::span<const double> far,
                      Result& result) {
  const bool distance = list.score == PairScore::kSquaredDistance;
  const double sign = distance ? -1 : 1;  // higher means more alike in a ROC
  std::vector<uint8_t> same;
  same.reserve(scores.size());
  std::vector<double> alike;
  alike.reserve(scores.size());
  int64_t failed[2] = {0, 0}, total[2] = {0, 0};
  for (size_t i = 0; i < scores.size(); ++i) {
    const bool genuine = list.pairs[i].same;
    ++total[genuine];
    if (!std::isfinite(scores[i])) {
      ++failed[genuine];
      continue;
    }
    alike.push_back(sign * scores[i]);
    same.push_back(genuine);
  }
  result.counts["pairs"] = std::ssize(scores);
  result.counts["genuine"] = total[1];
  result.counts["impostor"] = total[0];
  result.counts["failed_genuine"] = failed[1];
  result.counts["failed_impostor"] = failed[0];

  SortedScores sorted = sort_scores(alike, same);
  sorted.failed_genuine = failed[1];
  sorted.failed_impostor = failed[0];
  alike = {};

  if (list.folds > 0) {
    std::vector<uint8_t> labels(scores.size());
    for (size_t i = 0; i < labels.size(); ++i) labels[i] = list.pairs[i].same;
    result.counts["folds"] = list.folds;
    result.metrics["accuracy"] = accuracy_metric(scores, labels, list.folds);
    result.metrics["val@far=1e-3"] = validation_metric(scores, labels, list.folds, 1e-3);
    for (const double rate : far) {
      result.metrics["val@far=" + rate_text(rate)] = validation_metric(scores, labels, list.folds, rate);
    }
  }
  result.metrics["auc"] = auc_metric(sorted);
  result.metrics["eer"] = eer_metric(sorted, sign);

  const std::string exact =
      distance ? "largest FPR <= x: distance < threshold" : "largest FPR <= x: score > threshold";
  const Roc dropped = roc_curve(sorted, true);
  for (const double rate : all_rates(list.folds > 0, far)) {
    const std::string name = "tar@far=" + rate_text(rate);
    result.metrics[name] = tar_metric(tar_at_far(sorted, rate), sorted, sign, exact);
    if (list.folds > 0) continue;
    result.metrics[name + "/nearest"] =
        tar_metric(tar_at_nearest_far(dropped, rate), sorted, sign,
                   "nearest FPR on the ROC without intermediate points, score >= threshold");
  }
  result.curves.push_back(roc_figure(dropped, "roc"));
}

}  // namespace fr
