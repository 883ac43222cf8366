#include "eval/accuracy.h"

#include <cmath>
#include <limits>

#include "eval/folds.h"
#include "eval/pair_score.h"
#include "eval/roc.h"

namespace fr {

namespace {

constexpr double kStep = 0.01;

// Accepted genuine plus rejected impostor pairs at grid point j.
int64_t correct(const GridCounts& counts, size_t j) {
  return counts.genuine[j] + counts.impostor_total - counts.impostor[j];
}

double ratio(int64_t count, int64_t total) { return static_cast<double>(count) / static_cast<double>(total); }

// The highest threshold with the most pairs judged rightly, and how many.
struct BestThreshold {
  double threshold = std::numeric_limits<double>::infinity();
  int64_t correct = 0;
};

BestThreshold best_threshold(const SortedScores& scores) {
  BestThreshold best{.correct = scores.impostor_total()};
  visit_roc(scores, [&](const RocPoint& point) {
    const int64_t now = point.tp + scores.impostor_total() - point.fp;
    if (now > best.correct && std::isfinite(point.threshold)) best = {point.threshold, now};
  });
  return best;
}

// All values but those of the fold.
template <class Value>
std::vector<Value> outside(std::span<const Value> values, const Fold& fold) {
  std::vector<Value> result(values.begin(), values.begin() + fold.begin);
  result.insert(result.end(), values.begin() + fold.end, values.end());
  return result;
}

}  // namespace

MeanStd mean_std(std::span<const double> values) {
  const auto n = std::ssize(values);
  const auto count = static_cast<double>(n);
  const auto at = [&](int64_t i) { return values[static_cast<size_t>(i)]; };
  MeanStd result;
  result.mean = pairwise_sum<double>(0, n, at) / count;
  result.std = std::sqrt(pairwise_sum<double>(0, n,
                                              [&](int64_t i) {
                                                const double off = at(i) - result.mean;
                                                return off * off;
                                              }) /
                         count);
  return result;
}

Accuracy k_fold_accuracy(std::span<const double> distances, std::span<const uint8_t> same, int64_t folds) {
  const std::vector<double> grid = threshold_grid(kStep);
  Accuracy result;
  int64_t false_accepts = 0, impostors = 0;
  for (const FoldCounts& fold : count_folds(distances, same, folds, grid)) {
    size_t best = 0;
    for (size_t j = 1; j < grid.size(); ++j) {
      if (correct(fold.train, j) > correct(fold.train, best)) best = j;
    }
    false_accepts += fold.test.impostor[best];
    impostors += fold.test.impostor_total;
    result.threshold_index.push_back(static_cast<int64_t>(best));
    result.thresholds.push_back(grid[best]);
    result.train.push_back(
        ratio(correct(fold.train, best), fold.train.genuine_total + fold.train.impostor_total));
    result.folds.push_back(ratio(correct(fold.test, best), fold.fold.size()));
  }
  const MeanStd over_folds = mean_std(result.folds);
  result.mean = over_folds.mean;
  result.std = over_folds.std;
  result.far = ratio(false_accepts, impostors);
  return result;
}

Accuracy k_fold_accuracy_any_scale(std::span<const double> alike, std::span<const uint8_t> same,
                                   int64_t folds) {
  Accuracy result;
  int64_t false_accepts = 0, impostors = 0;
  const std::vector<Fold> parts = k_folds(std::ssize(alike), folds);
  for (const Fold& fold : parts) {
    const Fold test = parts.size() > 1 ? fold : Fold{};
    const SortedScores train = sort_with_failed(outside(alike, test), outside(same, test));
    const BestThreshold best = best_threshold(train);
    int64_t right = 0;
    for (auto i = static_cast<size_t>(fold.begin); i < static_cast<size_t>(fold.end); ++i) {
      const bool accepted = alike[i] >= best.threshold;
      right += accepted == (same[i] != 0);
      false_accepts += accepted && !same[i];
      impostors += !same[i];
    }
    result.thresholds.push_back(best.threshold);
    result.train.push_back(ratio(best.correct, train.genuine_total() + train.impostor_total()));
    result.folds.push_back(ratio(right, fold.size()));
  }
  const MeanStd over_folds = mean_std(result.folds);
  result.mean = over_folds.mean;
  result.std = over_folds.std;
  result.far = ratio(false_accepts, impostors);
  return result;
}

FoldCurve fold_curve(std::span<const double> distances, std::span<const uint8_t> same, int64_t folds) {
  const std::vector<double> grid = threshold_grid(kStep);
  const std::vector<FoldCounts> counts = count_folds(distances, same, folds, grid);
  FoldCurve curve{std::vector<double>(grid.size()), std::vector<double>(grid.size())};
  for (size_t j = 0; j < grid.size(); ++j) {
    for (const FoldCounts& fold : counts) {
      if (fold.test.genuine_total > 0) curve.tpr[j] += ratio(fold.test.genuine[j], fold.test.genuine_total);
      if (fold.test.impostor_total > 0)
        curve.fpr[j] += ratio(fold.test.impostor[j], fold.test.impostor_total);
    }
    curve.tpr[j] /= static_cast<double>(counts.size());
    curve.fpr[j] /= static_cast<double>(counts.size());
  }
  return curve;
}

}  // namespace fr
