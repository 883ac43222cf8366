#include "eval/interval.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "eval/accuracy.h"

namespace fr {

namespace {

// The fraction 1/(1+ d1/(1+ d2/(1+ …))) of A&S 26.5.8, by Lentz's method; converges fast for x <
// (a+1)/(a+b+2).
long double beta_fraction(long double a, long double b, long double x) {
  constexpr long double tiny = 1e-4000L, precision = std::numeric_limits<long double>::epsilon();
  const auto nonzero = [](long double v) { return std::fabs(v) < tiny ? tiny : v; };
  long double c = 1, d = 1 / nonzero(1 - (a + b) * x / (a + 1)), value = d;
  for (int m = 1; m < 1'000'000; ++m) {
    const long double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const long double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    long double change = 1;
    for (const long double term : {even, odd}) {
      d = 1 / nonzero(1 + term * d);
      c = nonzero(1 + term / c);
      change = c * d;
      value *= change;
    }
    if (std::fabs(change - 1) <= precision) break;
  }
  return value;
}

}  // namespace

long double regularized_beta(long double a, long double b, long double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const long double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double beta_quantile(double probability, double a, double b) {
  long double low = 0, high = 1;
  while (high - low > high * std::numeric_limits<double>::epsilon() / 4) {
    const long double middle = (low + high) / 2;
    (regularized_beta(a, b, middle) < probability ? low : high) = middle;
  }
  return static_cast<double>((low + high) / 2);
}

Interval clopper_pearson(int64_t k, int64_t n, double confidence) {
  assert(0 <= k && k <= n && n > 0);
  const double tail = (1 - confidence) / 2;
  const auto hits = static_cast<double>(k), misses = static_cast<double>(n - k);
  return {k == 0 ? 0.0 : beta_quantile(tail, hits, misses + 1),
          k == n ? 1.0 : beta_quantile(1 - tail, hits + 1, misses)};
}

double student_t(double confidence, double freedom) {
  // P(|T| > t) = I_x(freedom/2, 1/2) with x = freedom / (freedom + t^2).
  const double x = beta_quantile(1 - confidence, freedom / 2, 0.5);
  return std::sqrt(freedom * (1 - x) / x);
}

Interval t_interval(std::span<const double> values, double confidence) {
  assert(values.size() >= 2);
  const MeanStd moments = mean_std(values);
  // population deviation / sqrt(n - 1) = sample deviation / sqrt(n)
  const auto freedom = static_cast<double>(values.size() - 1);
  const double half = student_t(confidence, freedom) * moments.std / std::sqrt(freedom);
  return {moments.mean - half, moments.mean + half};
}

double normal_quantile(double confidence) {
  long double low = 0, high = 40;
  while (high - low > high * std::numeric_limits<double>::epsilon() / 4) {
    const long double middle = (low + high) / 2;
    (std::erfc(middle / std::sqrt(2.0L)) > 1 - confidence ? low : high) = middle;
  }
  return static_cast<double>((low + high) / 2);
}

Interval wilson(int64_t k, int64_t n, double confidence) {
  assert(0 <= k && k <= n && n > 0);
  const auto hits = static_cast<double>(k), total = static_cast<double>(n);
  const double z = normal_quantile(confidence), centre = hits + z * z / 2;
  const double half = z * std::sqrt(hits * (total - hits) / total + z * z / 4);
  return {std::max(0.0, (centre - half) / (total + z * z)), std::min(1.0, (centre + half) / (total + z * z))};
}

Interval wilson_continuity(int64_t k, int64_t n, double confidence) {
  assert(0 <= k && k <= n && n > 0);
  const auto hits = static_cast<double>(k), total = static_cast<double>(n);
  const double z = normal_quantile(confidence), centre = 2 * hits + z * z;
  const auto half = [&](double sign) {  // of the limit on that side
    return 1 + z * std::sqrt(z * z + sign * 2 - 1 / total + 4 * hits * (total - hits - sign) / total);
  };
  const double width = 2 * (total + z * z);
  return {k == 0 ? 0.0 : std::max(0.0, (centre - half(-1)) / width),
          k == n ? 1.0 : std::min(1.0, (centre + half(1)) / width)};
}

}  // namespace fr
