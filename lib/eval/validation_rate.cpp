#include "eval/validation_rate.h"

#include <algorithm>
#include <cassert>

#include "core/error.h"
#include "eval/accuracy.h"
#include "eval/folds.h"

namespace fr {

double interpolate_threshold(std::span<const double> far, std::span<const double> thresholds, double target) {
  assert(far.size() >= 2 && far.size() == thresholds.size());
  const size_t last = far.size() - 1;
  if (target >= far[last]) return far[last - 1] < far[last] ? thresholds[last] : 0.0;
  // target < far[last], so the last element not above it has a larger successor.
  const auto above = static_cast<size_t>(std::upper_bound(far.begin(), far.end(), target) - far.begin());
  assert(above > 0);
  const size_t i = above - 1;
  return thresholds[i] + (target - far[i]) * (thresholds[above] - thresholds[i]) / (far[above] - far[i]);
}

ValidationRate validation_rate(std::span<const double> distances, std::span<const uint8_t> same,
                               int64_t folds, double far) {
  const std::vector<double> grid = threshold_grid(0.001);
  ValidationRate result;
  std::vector<double> fold_far;
  for (const FoldCounts& fold : count_folds(distances, same, folds, grid)) {
    for (const GridCounts* part : {&fold.train, &fold.test}) {
      FR_CHECK(part->genuine_total > 0 && part->impostor_total > 0,
               "val@far is undefined: fold {} has {} genuine and {} impostor {} pairs",
               result.folds.size() + 1, part->genuine_total, part->impostor_total,
               part == &fold.train ? "training" : "test");
    }
    std::vector<double> train_far(grid.size());
    for (size_t j = 0; j < grid.size(); ++j) {
      train_far[j] =
          static_cast<double>(fold.train.impostor[j]) / static_cast<double>(fold.train.impostor_total);
    }
    const double threshold = train_far.back() >= far ? interpolate_threshold(train_far, grid, far) : 0.0;
    int64_t true_accepts = 0, false_accepts = 0;
    for (auto i = static_cast<size_t>(fold.fold.begin); i < static_cast<size_t>(fold.fold.end); ++i) {
      if (distances[i] < threshold) ++(same[i] ? true_accepts : false_accepts);
    }
    result.thresholds.push_back(threshold);
    result.folds.push_back(static_cast<double>(true_accepts) / static_cast<double>(fold.test.genuine_total));
    fold_far.push_back(static_cast<double>(false_accepts) / static_cast<double>(fold.test.impostor_total));
  }
  const MeanStd over_folds = mean_std(result.folds);
  result.mean = over_folds.mean;
  result.std = over_folds.std;
  result.far = mean_std(fold_far).mean;
  return result;
}

}  // namespace fr
