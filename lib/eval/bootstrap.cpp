#include "eval/bootstrap.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "core/parallel.h"
#include "core/random.h"

namespace fr {

std::vector<int32_t> draw_subjects(int64_t subjects, int64_t resample, uint64_t seed) {
  std::vector<int32_t> weights(static_cast<size_t>(subjects));
  RandomStream random(seed, "bootstrap", static_cast<uint64_t>(resample));
  for (int64_t i = 0; i < subjects; ++i) ++weights[random.next_below(static_cast<uint64_t>(subjects))];
  return weights;
}

Interval percentile_interval(std::vector<double> values, double confidence) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const size_t all = values.size();
  std::erase_if(values, [](double v) { return std::isnan(v); });
  if (values.empty() || 2 * values.size() < all) return {nan, nan};
  std::sort(values.begin(), values.end());
  const auto quantile = [&](double q) {
    // q itself is rounded: a product this near to an integer is that integer.
    const double rank = std::ceil(q * static_cast<double>(values.size()) - 1e-9);
    return values[static_cast<size_t>(std::max(rank, 1.0)) - 1];
  };
  return {quantile((1 - confidence) / 2), quantile((1 + confidence) / 2)};
}

std::vector<std::vector<double>> resample(int64_t subjects, int64_t count, const Resampling& resampling,
                                          const Statistics& statistics) {
  std::vector<std::vector<double>> values(static_cast<size_t>(count));
  for (auto& of : values) of.resize(static_cast<size_t>(resampling.resamples));
  parallel_for(resampling.resamples, [&](int64_t r) {
    std::vector<double> drawn(static_cast<size_t>(count));
    statistics(draw_subjects(subjects, r, resampling.seed), drawn);
    for (size_t j = 0; j < drawn.size(); ++j) values[j][static_cast<size_t>(r)] = drawn[j];
  });
  return values;
}

Interval bootstrap_ratio(std::span<const double> hits, std::span<const double> trials,
                         const Resampling& resampling) {
  assert(hits.size() == trials.size());
  const auto ratio = [&](std::span<const int32_t> weights, std::span<double> value) {
    double numerator = 0, denominator = 0;
    for (size_t s = 0; s < weights.size(); ++s) {
      numerator += weights[s] * hits[s];
      denominator += weights[s] * trials[s];
    }
    value[0] = numerator / denominator;  // NaN where nobody with a trial was drawn
  };
  return percentile_interval(resample(std::ssize(hits), 1, resampling, ratio)[0], resampling.confidence);
}

}  // namespace fr
