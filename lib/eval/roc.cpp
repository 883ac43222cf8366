#include "eval/roc.h"

#include <cassert>
#include <cmath>
#include <functional>

#include "core/error.h"
#include "core/sort_descending.h"

namespace fr {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double ratio(int64_t count, int64_t total) {
  return total > 0 ? static_cast<double>(count) / static_cast<double>(total) : kNan;
}

// Calls visit(fp, tp) for the points of visit_roc where tp changes, the ones before them, and the last.
template <class Visit>
void visit_genuine(const SortedScores& scores, const Visit& visit) {
  const std::vector<double>&genuine = scores.genuine, &impostor = scores.impostor;
  auto reached = impostor.begin();
  const auto above = [&](double score, const auto& order) {
    reached = std::find_if_not(reached, impostor.end(), [&](double x) { return order(x, score); });
    return reached - impostor.begin();
  };
  for (size_t g = 0; g < genuine.size();) {
    const double score = genuine[g];
    visit(above(score, std::greater<>()), static_cast<int64_t>(g));
    while (g < genuine.size() && genuine[g] == score) ++g;
    visit(above(score, std::greater_equal<>()), static_cast<int64_t>(g));
  }
  visit(std::ssize(impostor), std::ssize(genuine));
  visit(scores.impostor_total(), scores.genuine_total());
}

}  // namespace

SortedScores sort_scores(std::span<const double> scores, std::span<const uint8_t> same) {
  SortedScores result = sort_with_failed(scores, same);
  FR_CHECK(result.failed_genuine + result.failed_impostor == 0, "a score of the pair list is -inf");
  return result;
}

SortedScores sort_with_failed(std::span<const double> scores, std::span<const uint8_t> same) {
  assert(scores.size() == same.size());
  SortedScores result;
  const auto genuine = std::count_if(same.begin(), same.end(), [](uint8_t s) { return s != 0; });
  result.genuine.reserve(static_cast<size_t>(genuine));
  result.impostor.reserve(scores.size() - static_cast<size_t>(genuine));
  for (size_t i = 0; i < scores.size(); ++i) {
    if (scores[i] == -std::numeric_limits<double>::infinity()) {
      ++(same[i] ? result.failed_genuine : result.failed_impostor);
      continue;
    }
    FR_CHECK(std::isfinite(scores[i]), "score {} of the pair list is {}", i, scores[i]);
    (same[i] ? result.genuine : result.impostor).push_back(scores[i]);
  }
  sort_descending(result.genuine);
  sort_descending(result.impostor);
  return result;
}

double Roc::fpr(size_t i) const { return ratio(points[i].fp, impostor); }
double Roc::tpr(size_t i) const { return ratio(points[i].tp, genuine); }

Roc roc_curve(const SortedScores& scores, bool drop_intermediate) {
  Roc roc{{}, scores.genuine_total(), scores.impostor_total()};
  std::vector<RocPoint>& points = roc.points;
  points.push_back({});
  int64_t seen = 0;
  // The last point of `points` is dropped when its successor shows it to lie inside a straight run. `before`
  // is its predecessor on the full curve, dropped or not.
  RocPoint before;
  visit_roc(scores, [&](const RocPoint& point) {
    if (seen == 0) points[0].threshold = point.threshold + 1;
    const RocPoint last = points.back();
    const bool straight =
        point.fp - last.fp == last.fp - before.fp && point.tp - last.tp == last.tp - before.tp;
    if (drop_intermediate && seen >= 2 && straight) {
      points.back() = point;
    } else {
      points.push_back(point);
    }
    before = last;
    ++seen;
  });
  return roc;
}

Auc area_under_roc(const SortedScores& scores) {
  const int64_t genuine = scores.genuine_total(), impostor = scores.impostor_total();
  if (genuine == 0 || impostor == 0) return {kNan, kNan};
  int64_t twice_area = 0, last_fp = 0, last_tp = 0;
  visit_genuine(scores, [&](int64_t fp, int64_t tp) {
    twice_area += (fp - last_fp) * (tp + last_tp);
    last_fp = fp;
    last_tp = tp;
  });
  Auc auc;
  auc.value =
      static_cast<double>(twice_area) / (2.0 * static_cast<double>(genuine) * static_cast<double>(impostor));

  // DeLong et al. 1988: the variances of each genuine score's share of impostors below it, and of each
  // impostor score's share of genuine scores above it.
  double genuine_squares = 0, impostor_squares = 0;
  last_fp = last_tp = 0;
  visit_genuine(scores, [&](int64_t fp, int64_t tp) {
    const double below = 1 - ratio(fp + last_fp, 2 * impostor) - auc.value;
    const double above = ratio(tp + last_tp, 2 * genuine) - auc.value;
    genuine_squares += static_cast<double>(tp - last_tp) * below * below;
    impostor_squares += static_cast<double>(fp - last_fp) * above * above;
    last_fp = fp;
    last_tp = tp;
  });
  const auto m = static_cast<double>(genuine), n = static_cast<double>(impostor);
  auc.standard_error = genuine > 1 && impostor > 1
                           ? std::sqrt(genuine_squares / (m - 1) / m + impostor_squares / (n - 1) / n)
                           : kNan;
  return auc;
}

Eer equal_error_rate(const SortedScores& scores) {
  const int64_t genuine = scores.genuine_total(), impostor = scores.impostor_total();
  if (genuine == 0 || impostor == 0) return {kNan, kNan, kNan};
  // (FPR - FNR) * genuine * impostor, an exact integer.
  const auto excess = [=](const RocPoint& p) { return p.fp * genuine - (genuine - p.tp) * impostor; };
  Eer result;
  RocPoint before;
  bool found = false;
  int64_t least = std::abs(excess(before));
  result.nearest_point = (ratio(before.fp, impostor) + ratio(genuine - before.tp, genuine)) / 2;
  visit_roc(scores, [&](const RocPoint& point) {
    const int64_t now = excess(point), then = excess(before);
    if (!found && now >= 0) {
      found = true;
      const double share = static_cast<double>(-then) / static_cast<double>(now - then);
      const double low = ratio(before.fp, impostor), high = ratio(point.fp, impostor);
      result.value = low + share * (high - low);
      result.threshold = point.threshold;
    }
    if (std::abs(now) < least) {
      least = std::abs(now);
      result.nearest_point = (ratio(point.fp, impostor) + ratio(genuine - point.tp, genuine)) / 2;
    }
    before = point;
  });
  return result;
}

int64_t allowed_false_accepts(double far, int64_t impostors) {
  FR_CHECK(far >= 0, "false accept rate {} is not in [0, 1]", far);
  int64_t k = far >= 1 ? impostors : static_cast<int64_t>(far * static_cast<double>(impostors));
  while (k < impostors && ratio(k + 1, impostors) <= far) ++k;
  while (k > 0 && ratio(k, impostors) > far) --k;
  return k;
}

TarAtFar tar_at_far(const SortedScores& scores, double far) {
  const int64_t total = scores.impostor_total(), k = allowed_false_accepts(far, total);
  TarAtFar result;
  if (total == 0) return {0, 0, 0, kNan, kNan, kNan};
  result.k = k;
  result.threshold = k < std::ssize(scores.impostor) ? scores.impostor[static_cast<size_t>(k)]
                                                     : -std::numeric_limits<double>::infinity();
  const auto above = [&](const std::vector<double>& descending) {
    return std::lower_bound(descending.begin(), descending.end(), result.threshold, std::greater<>()) -
           descending.begin();
  };
  result.accepted = above(scores.genuine);
  result.false_accepts = above(scores.impostor);
  result.tar = ratio(result.accepted, scores.genuine_total());
  result.far = ratio(result.false_accepts, total);
  return result;
}

TarAtFar tar_at_nearest_far(const Roc& roc, double far) {
  if (roc.impostor == 0) return {0, 0, 0, kNan, kNan, kNan};
  size_t best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < roc.points.size(); ++i) {
    const double distance = std::abs(roc.fpr(i) - far);
    if (distance <= least) {  // the last of equals is the first of the reversed curve
      least = distance;
      best = i;
    }
  }
  const RocPoint& point = roc.points[best];
  return {point.fp, point.tp, point.fp, point.threshold, roc.tpr(best), roc.fpr(best)};
}

}  // namespace fr
