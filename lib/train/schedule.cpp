#include "train/schedule.h"

#include <algorithm>
#include <cmath>

namespace fr {

double PolynomialSchedule::lr(int64_t k) const {
  k = std::min(k, total);
  if (k <= 0) return base;
  if (k <= warmup) return base * static_cast<double>(k) / static_cast<double>(warmup);
  const double done = static_cast<double>(k - warmup) / static_cast<double>(total - warmup);
  return base * std::pow(1.0 - done, power);
}

double StepSchedule::lr(int64_t k) const {
  double rate = base;
  for (const int64_t step : steps)
    if (step <= k) rate *= factor;
  return rate;
}

double learning_rate(const Schedule& schedule, int64_t k) {
  return std::visit([k](const auto& s) { return s.lr(k); }, schedule);
}

}  // namespace fr
