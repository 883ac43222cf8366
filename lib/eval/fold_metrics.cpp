#include "eval/fold_metrics.h"

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "eval/accuracy.h"
#include "eval/evaluate.h"
#include "eval/folds.h"
#include "eval/interval.h"
#include "eval/metrics.h"
#include "eval/validation_rate.h"

namespace fr {

namespace {

bool has_grid(PairScore score) { return score == PairScore::kSquaredDistance || score == PairScore::kDot; }

// What the folds are judged by: squared distances where there is a grid (unit vectors of cosine s are at 2 -
// 2s; what rounding left below 0 is 0), else likeness, higher is more alike.
std::vector<double> judged_values(std::span<const double> scores, PairScore score) {
  std::vector<double> values(scores.begin(), scores.end());
  if (score == PairScore::kDot) std::ranges::for_each(values, [](double& v) { v = 2 - 2 * v; });
  if (has_grid(score)) std::ranges::for_each(values, [](double& v) { v = std::max(v, 0.0); });
  if (score == PairScore::kDistance) std::ranges::for_each(values, [](double& v) { v = -v; });
  return values;
}

// A threshold of judged_values, in the scores' own unit.
double own_unit(double threshold, PairScore score) {
  if (score == PairScore::kDot) return 1 - threshold / 2;
  return score == PairScore::kDistance ? -threshold : threshold;
}

std::string accuracy_rule(PairScore score) {
  if (score == PairScore::kSquaredDistance) return "distance < threshold, first best of the grid j*0.01";
  if (score == PairScore::kDot) return "score > threshold, first best of the grid 1 - j*0.005";
  return score == PairScore::kDistance ? "distance <= threshold, first best of all thresholds"
                                       : "score >= threshold, first best of all thresholds";
}

void set_fold_interval(Metric& metric) {
  if (metric.folds.size() < 2) return;
  const Interval interval = t_interval(metric.folds);
  set_interval(metric, {std::max(0.0, interval.low), std::min(1.0, interval.high)}, "95 %, t over folds");
}

void set_thresholds(Metric& metric, const std::vector<double>& thresholds, PairScore score) {
  for (const double threshold : thresholds) metric.thresholds.push_back(own_unit(threshold, score));
  metric.threshold = mean_std(metric.thresholds).mean;
}

Metric accuracy_metric(Accuracy accuracy, PairScore score) {
  Metric metric{.value = accuracy.mean,
                .rule = fmt::format("{}-fold, {} on the training part; std over folds, ddof 0",
                                    accuracy.folds.size(), accuracy_rule(score))};
  metric.std = accuracy.std;
  metric.far = accuracy.far;
  metric.folds = std::move(accuracy.folds);
  set_thresholds(metric, accuracy.thresholds, score);
  set_fold_interval(metric);
  return metric;
}

Metric validation_metric(std::span<const double> distances, std::span<const uint8_t> same, PairScore score,
                         int64_t folds, double far) {
  Metric metric;
  metric.rule = fmt::format("{}-fold, threshold interpolated (slinear) to FAR {} on the training part", folds,
                            rate_text(far));
  try {
    ValidationRate rate = validation_rate(distances, same, folds, far);
    metric.value = rate.mean;
    metric.std = rate.std;
    metric.far = rate.far;
    metric.folds = std::move(rate.folds);
    set_thresholds(metric, rate.thresholds, score);
    set_fold_interval(metric);
  } catch (const Error& error) {
    metric.value = std::numeric_limits<double>::quiet_NaN();
    metric.rule = error.what();
  }
  return metric;
}

}  // namespace

std::vector<uint8_t> add_fold_metrics(std::span<const double> scores, std::span<const uint8_t> same,
                                      PairScore score, int64_t folds, std::span<const double> far,
                                      Result& result) {
  const bool grid = has_grid(score);
  const std::vector<double> values = judged_values(scores, score);
  const Accuracy accuracy =
      grid ? k_fold_accuracy(values, same, folds) : k_fold_accuracy_any_scale(values, same, folds);
  std::vector<uint8_t> correct(scores.size());
  const std::vector<Fold> parts = k_folds(std::ssize(scores), folds);
  for (size_t f = 0; f < parts.size(); ++f) {
    for (auto i = static_cast<size_t>(parts[f].begin); i < static_cast<size_t>(parts[f].end); ++i) {
      const bool accepted = grid ? values[i] < accuracy.thresholds[f] : values[i] >= accuracy.thresholds[f];
      correct[i] = accepted == (same[i] != 0);
    }
  }
  result.counts["folds"] = folds;
  result.metrics["accuracy"] = accuracy_metric(accuracy, score);
  if (!grid) return correct;
  std::vector<double> rates = {1e-3};
  rates.insert(rates.end(), far.begin(), far.end());
  for (const double rate : rates) {
    result.metrics["val@far=" + rate_text(rate)] = validation_metric(values, same, score, folds, rate);
  }
  return correct;
}

}  // namespace fr
