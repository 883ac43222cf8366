// Verification accuracy by k-fold (spec 6.1): the threshold that is best on the training part, judged on the
// test part.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace fr {

struct Accuracy {
  double mean = 0, std = 0;        // population standard deviation over the folds
  double far = 0;                  // share of all impostors accepted in their test parts; NaN without any
  std::vector<double> folds;       // accuracy of each test part
  std::vector<double> train;       // best accuracy of each training part
  std::vector<double> thresholds;  // the threshold it was reached at: index * 0.01
  std::vector<int64_t> threshold_index;  // first arg-max on the grid
};

// distances (n) squared L2, same (n). A pair is called genuine when distance < threshold. Throws fr::Error
// when there are fewer pairs than folds.
Accuracy k_fold_accuracy(std::span<const double> distances, std::span<const uint8_t> same, int64_t folds);

// The same for scores of any scale, where no grid is given: alike (n), higher is more alike, -infinity for a
// failed pair. Thresholds are +infinity and the training part's own scores; a pair is called genuine when
// alike >= threshold; of equally good thresholds the highest. threshold_index stays empty.
Accuracy k_fold_accuracy_any_scale(std::span<const double> alike, std::span<const uint8_t> same,
                                   int64_t folds);

// TPR and FPR of the test parts at the 400 thresholds, averaged over the folds (0 where a fold has no such
// pairs): the reference's calculate_roc.
struct FoldCurve {
  std::vector<double> tpr, fpr;  // (400)
};
FoldCurve fold_curve(std::span<const double> distances, std::span<const uint8_t> same, int64_t folds);

// Mean and population standard deviation (ddof 0) of `values`.
struct MeanStd {
  double mean = 0, std = 0;
};
MeanStd mean_std(std::span<const double> values);

}  // namespace fr
