#include "eval/search_bootstrap.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "eval/bootstrap.h"
#include "eval/metrics.h"
#include "eval/roc.h"

namespace fr {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double weighted(std::span<const double> values, std::span<const int32_t> weights) {
  double sum = 0;
  for (size_t p = 0; p < weights.size(); ++p) sum += weights[p] * values[p];
  return sum;
}

void sort_scores(std::vector<PersonScore>& scores) {
  std::ranges::sort(scores, [](const PersonScore& a, const PersonScore& b) {
    return a.score > b.score || (a.score == b.score && a.person < b.person);
  });
}

}  // namespace

SearchBootstrap::SearchBootstrap(std::span<const int64_t> subjects) {
  for (const int64_t subject : subjects) numbers_.emplace(subject, static_cast<int32_t>(numbers_.size()));
}

void SearchBootstrap::add_ratio(const std::string& metric, std::vector<double> hits,
                                std::vector<double> trials) {
  ratios_.push_back({metric, std::move(hits), std::move(trials)});
}

size_t SearchBootstrap::add_search(ThresholdSearch search) {
  sort_scores(search.accepted);
  sort_scores(search.deciding);
  searches_.push_back(std::move(search));
  return searches_.size() - 1;
}

void SearchBootstrap::add_rate(const std::string& metric, std::vector<size_t> searches, double rate,
                               FpirRule rule) {
  rates_.push_back({metric, std::move(searches), rate, rule});
}

// The rate of each of rates_ that asks for this search, in one walk over both lists; NaN of the others, and
// where the kept scores do not reach.
std::vector<double> SearchBootstrap::rates_of(size_t number, std::span<const int32_t> weights) const {
  const ThresholdSearch& search = searches_[number];
  std::vector<double> result(rates_.size(), kNan);
  const double trials = weighted(search.trials, weights);
  const auto deciding = static_cast<int64_t>(weighted(search.deciding_trials, weights));
  if (trials == 0 || deciding == 0) return result;
  std::vector<std::pair<int64_t, size_t>> asked;  // how many scores exceed the threshold, of which rate
  for (size_t r = 0; r < rates_.size(); ++r) {
    if (std::ranges::find(rates_[r].searches, number) == rates_[r].searches.end()) continue;
    const int64_t k = allowed_false_accepts(rates_[r].rate, deciding);
    asked.emplace_back(rates_[r].rule == FpirRule::kExact ? k : std::max<int64_t>(k - 1, 0), r);
  }
  std::ranges::sort(asked);
  size_t decided = 0, accepted = 0;
  int64_t exceeding = 0;
  double hits = 0;
  for (const auto& [index, r] : asked) {
    while (decided < search.deciding.size()) {
      const int32_t weight = weights[static_cast<size_t>(search.deciding[decided].person)];
      if (exceeding + weight > index) break;
      exceeding += weight;
      ++decided;
    }
    const bool all = decided == search.deciding.size();
    if (all && index < deciding) break;  // below what was kept
    const float threshold = all ? -std::numeric_limits<float>::infinity() : search.deciding[decided].score;
    for (; accepted < search.accepted.size() && search.accepted[accepted].score > threshold; ++accepted) {
      hits += weights[static_cast<size_t>(search.accepted[accepted].person)];
    }
    result[r] = hits / trials;
  }
  return result;
}

void SearchBootstrap::set_intervals(int64_t resamples, Result& result) const {
  const Resampling resampling{.resamples = resamples};
  const size_t ratios = ratios_.size();
  const auto values =
      resample(people(), std::ssize(ratios_) + std::ssize(rates_), resampling,
               [&](std::span<const int32_t> weights, std::span<double> figures) {
                 for (size_t i = 0; i < ratios; ++i)
                   figures[i] = weighted(ratios_[i].hits, weights) / weighted(ratios_[i].trials, weights);
                 std::vector<std::vector<double>> rates;
                 for (size_t s = 0; s < searches_.size(); ++s) rates.push_back(rates_of(s, weights));
                 for (size_t r = 0; r < rates_.size(); ++r) {
                   double sum = 0;
                   for (const size_t search : rates_[r].searches) sum += rates[search][r];
                   figures[ratios + r] = sum / static_cast<double>(rates_[r].searches.size());
                 }
               });
  for (size_t i = 0; i < values.size(); ++i) {
    const Interval interval = percentile_interval(values[i], resampling.confidence);
    if (!(interval.low < interval.high)) continue;
    set_interval(result.metrics.at(i < ratios ? ratios_[i].metric : rates_[i - ratios].metric), interval,
                 fmt::format("95 %, bootstrap of {} subjects, {} resamples", people(), resamples));
  }
}

}  // namespace fr
