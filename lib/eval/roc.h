// Sorted scores, the ROC curve with scikit-learn's rules (spec 7.3), and what is read off it: AUC, EER, TAR
// at a FAR. Higher scores mean more alike. Nothing here needs more than the two sorted score arrays.
#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace fr {

// Finite scores in descending order. A pair of which one side failed scores -inf: it is only counted.
struct SortedScores {
  std::vector<double> genuine, impostor;
  int64_t failed_genuine = 0, failed_impostor = 0;
  int64_t genuine_total() const { return std::ssize(genuine) + failed_genuine; }
  int64_t impostor_total() const { return std::ssize(impostor) + failed_impostor; }
};

// scores (n), same (n). Throws fr::Error for NaN or an infinity: failed pairs are the caller's to set apart.
SortedScores sort_scores(std::span<const double> scores, std::span<const uint8_t> same);

// The same, but a score of -infinity is a failed pair and counted.
SortedScores sort_with_failed(std::span<const double> scores, std::span<const uint8_t> same);

// With every score >= threshold accepted: fp impostor and tp genuine pairs.
struct RocPoint {
  double threshold = 0;
  int64_t fp = 0, tp = 0;
};

// Calls visit(RocPoint) for each distinct score, descending, and last for the failed pairs (threshold -inf),
// if any.
template <class Visit>
void visit_roc(const SortedScores& scores, const Visit& visit) {
  const std::span<const double> genuine(scores.genuine), impostor(scores.impostor);
  size_t g = 0, i = 0;
  while (g < genuine.size() || i < impostor.size()) {
    double threshold = g < genuine.size() ? genuine[g] : impostor[i];
    if (i < impostor.size()) threshold = std::max(threshold, impostor[i]);
    while (g < genuine.size() && genuine[g] == threshold) ++g;
    while (i < impostor.size() && impostor[i] == threshold) ++i;
    visit(RocPoint{threshold, static_cast<int64_t>(i), static_cast<int64_t>(g)});
  }
  if (scores.failed_genuine + scores.failed_impostor > 0) {
    visit(
        RocPoint{-std::numeric_limits<double>::infinity(), scores.impostor_total(), scores.genuine_total()});
  }
}

struct Roc {
  std::vector<RocPoint> points;  // the first is (0, 0), threshold largest score + 1
  int64_t genuine = 0, impostor = 0;
  double fpr(size_t i) const;  // NaN without impostors
  double tpr(size_t i) const;  // NaN without genuine pairs
};

// scikit-learn's roc_curve. drop_intermediate keeps of more than two points the first, the last and those
// where the second difference of fp or of tp is not 0.
Roc roc_curve(const SortedScores& scores, bool drop_intermediate);

// Area under the curve, from integer counts (ties half), with DeLong's standard error. NaN when one class is
// absent; the error is NaN when a class has one pair.
struct Auc {
  double value = 0, standard_error = 0;
};
Auc area_under_roc(const SortedScores& scores);

// Equal error rate: on the full ROC, the first point with FPR >= FNR, interpolated from the point before to
// FPR = FNR. nearest_point: (FPR + FNR) / 2 at the point of least |FPR - FNR|, the first going up in FPR. NaN
// when one class is absent.
struct Eer {
  double value = 0, nearest_point = 0;
  double threshold = 0;  // of the first point with FPR >= FNR
};
Eer equal_error_rate(const SortedScores& scores);

// The largest k with k / impostors <= far, in f64. Throws fr::Error where far < 0.
int64_t allowed_false_accepts(double far, int64_t impostors);

// The exact rule (largest FPR <= far): k = allowed_false_accepts, threshold = the (k+1)-th largest impostor
// score, accepted = genuine scores strictly above it. far >= 1 accepts every finite score. TAR is NaN when
// one class is absent.
struct TarAtFar {
  int64_t k = 0, accepted = 0, false_accepts = 0;
  double threshold = 0, tar = 0, far = 0;  // far: the rate reached
};
TarAtFar tar_at_far(const SortedScores& scores, double far);

// The reference's rule for IJB (spec 6.4): on the curve with dropped points, reversed, the first point of
// least |FPR - far|; may lie above far.
TarAtFar tar_at_nearest_far(const Roc& roc, double far);

}  // namespace fr
