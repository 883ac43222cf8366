// Learning-rate schedules: values that answer "which rate at iteration k", without state, so that a resumed
// run sees exactly the rates of an uninterrupted one.
#pragma once
#include <cstdint>
#include <variant>
#include <vector>

namespace fr {

// Spec 3.1 (PolynomialLRWarmup). k = 0: base, even when warming up; 0 < k <= warmup: base k/warmup; then
// base (1 - (k - warmup)/(total - warmup))^power; after `total` unchanged. The reference multiplies
// recursively; this closed form differs from it by a few ulp.
struct PolynomialSchedule {
  double base = 0.1;
  int64_t warmup = 0, total = 0;  // iterations
  double power = 1;
  double lr(int64_t k) const;
};

// Spec 3.2, 3.3: base times `factor` for every step <= k, multiplied one after the other.
struct StepSchedule {
  double base = 0.1;
  std::vector<int64_t> steps;  // 0-based iterations from which the next rate holds
  double factor = 0.1;
  double lr(int64_t k) const;
};

using Schedule = std::variant<PolynomialSchedule, StepSchedule>;

double learning_rate(const Schedule& schedule, int64_t k);

}  // namespace fr
