// Confidence intervals of proportions and of means over folds, without a library of statistics.
#pragma once
#include <cstdint>
#include <span>

namespace fr {

struct Interval {
  double low = 0, high = 1;
};

// I_x(a, b), 0 <= x <= 1, a, b > 0: continued fraction (Abramowitz & Stegun 26.5.8) in extended precision.
long double regularized_beta(long double a, long double b, long double x);

// x with I_x(a, b) = probability, by bisection to the last bit of a double.
double beta_quantile(double probability, double a, double b);

// Clopper & Pearson 1934, exact, for k of n (0 <= k <= n, n > 0).
Interval clopper_pearson(int64_t k, int64_t n, double confidence = 0.95);

// Quantile (1 + confidence) / 2 of Student's t with `freedom` degrees.
double student_t(double confidence, double freedom);

// mean ± t * s / sqrt(n) with the sample deviation s (ddof 1), n >= 2 values; not clipped.
Interval t_interval(std::span<const double> values, double confidence = 0.95);

// z with P(|Z| <= z) = confidence for a normal Z of deviation 1.
double normal_quantile(double confidence);

// Wilson 1927, for k of n (0 <= k <= n, n > 0); and with continuity correction (Newcombe 1998, method 4).
Interval wilson(int64_t k, int64_t n, double confidence = 0.95);
Interval wilson_continuity(int64_t k, int64_t n, double confidence = 0.95);

}  // namespace fr
