// SearchBootstrap against writing out every copy of every drawn person's trials.
#include "eval/search_bootstrap.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "core/random.h"
#include "eval/bootstrap.h"
#include "eval/roc.h"

using namespace fr;

namespace {

constexpr int64_t kPeople = 7, kResamples = 200;

std::vector<PersonScore> random_scores(const std::string& name, int64_t count) {
  RandomStream random(11, name);
  std::vector<PersonScore> scores;
  for (int64_t i = 0; i < count; ++i) {  // few values: many ties
    scores.push_back(
        {static_cast<float>(random.next_below(20)) / 8, static_cast<int32_t>(random.next_below(kPeople))});
  }
  return scores;
}

std::vector<double> count_trials(const std::vector<PersonScore>& scores, int64_t failed_each) {
  std::vector<double> trials(kPeople, static_cast<double>(failed_each));
  for (const PersonScore& score : scores) ++trials[static_cast<size_t>(score.person)];
  return trials;
}

std::vector<float> copies(const std::vector<PersonScore>& scores, std::span<const int32_t> weights) {
  std::vector<float> all;
  for (const PersonScore& score : scores)
    all.insert(all.end(), static_cast<size_t>(weights[static_cast<size_t>(score.person)]), score.score);
  std::sort(all.begin(), all.end(), std::greater<>());
  return all;
}

double brute_rate(const ThresholdSearch& search, std::span<const int32_t> weights, double rate,
                  FpirRule rule) {
  double trials = 0, deciding = 0;
  for (size_t p = 0; p < weights.size(); ++p) {
    trials += weights[p] * search.trials[p];
    deciding += weights[p] * search.deciding_trials[p];
  }
  const std::vector<float> mates = copies(search.accepted, weights),
                           others = copies(search.deciding, weights);
  const int64_t k = allowed_false_accepts(rate, static_cast<int64_t>(deciding));
  const int64_t index = rule == FpirRule::kExact ? k : std::max<int64_t>(k - 1, 0);
  REQUIRE(index < std::ssize(others));
  const float threshold = others[static_cast<size_t>(index)];
  return static_cast<double>(
             std::count_if(mates.begin(), mates.end(), [=](float s) { return s > threshold; })) /
         trials;
}

}  // namespace

TEST_CASE("intervals of searches are those of copies of the drawn people's trials") {
  std::vector<int64_t> subjects;
  for (int64_t p = 0; p < kPeople; ++p) subjects.push_back(100 - 3 * p);
  subjects.insert(subjects.end(), {100, 91});  // said twice
  SearchBootstrap bootstrap(subjects);
  REQUIRE(bootstrap.people() == kPeople);
  CHECK(bootstrap.person(94) == 2);

  std::vector<ThresholdSearch> searches(2);
  for (size_t s = 0; s < 2; ++s) {
    ThresholdSearch& search = searches[s];
    search.accepted = random_scores("accepted" + std::to_string(s), 90);
    search.deciding = random_scores("deciding" + std::to_string(s), 150);
    search.trials = count_trials(search.accepted, 3);
    search.deciding_trials = count_trials(search.deciding, 0);
    CHECK(bootstrap.add_search(search) == s);
  }
  const std::vector<double> hits = {3, 1, 4, 1, 5, 9, 2}, trials = {5, 5, 6, 5, 8, 9, 7};
  bootstrap.add_ratio("rank-1", hits, trials);
  const std::vector<double> rates = {0, 0.01, 0.1, 0.5};
  Result result;
  result.metrics["rank-1"] = {};
  for (const FpirRule rule : {FpirRule::kExact, FpirRule::kReference}) {
    for (const double rate : rates) {
      const std::string name = std::to_string(rate) + (rule == FpirRule::kExact ? "e" : "r");
      bootstrap.add_rate(name, {0, 1}, rate, rule);
      bootstrap.add_rate(name + "/0", {0}, rate, rule);
      result.metrics[name] = result.metrics[name + "/0"] = {};
    }
  }
  bootstrap.set_intervals(kResamples, result);

  const Resampling resampling{.resamples = kResamples};
  const auto check = [&](const std::string& name,
                         const std::function<double(std::span<const int32_t>)>& figure) {
    CAPTURE(name);
    std::vector<double> values;
    for (int64_t r = 0; r < kResamples; ++r)
      values.push_back(figure(draw_subjects(kPeople, r, resampling.seed)));
    const Interval interval = percentile_interval(values, resampling.confidence);
    REQUIRE(interval.low < interval.high);
    const Metric& metric = result.metrics.at(name);
    REQUIRE(metric.ci_low.has_value());
    CHECK(*metric.ci_low == doctest::Approx(interval.low).epsilon(1e-12));
    CHECK(*metric.ci_high == doctest::Approx(interval.high).epsilon(1e-12));
  };
  check("rank-1", [&](std::span<const int32_t> weights) {
    double found = 0, of = 0;
    for (size_t p = 0; p < weights.size(); ++p) {
      found += weights[p] * hits[p];
      of += weights[p] * trials[p];
    }
    return found / of;
  });
  for (const FpirRule rule : {FpirRule::kExact, FpirRule::kReference}) {
    for (const double rate : rates) {
      const std::string name = std::to_string(rate) + (rule == FpirRule::kExact ? "e" : "r");
      check(name + "/0", [&](auto weights) { return brute_rate(searches[0], weights, rate, rule); });
      check(name, [&](auto weights) {
        return (brute_rate(searches[0], weights, rate, rule) + brute_rate(searches[1], weights, rate, rule)) /
               2;
      });
    }
  }
}

TEST_CASE("a resample that asks for more scores than were kept has no rate") {
  SearchBootstrap bootstrap(std::vector<int64_t>{1, 2});
  ThresholdSearch search{{{0.5f, 0}, {0.2f, 1}}, {1, 1}, {{0.4f, 0}, {0.3f, 1}}, {100, 100}};
  bootstrap.add_search(search);
  bootstrap.add_rate("kept", {0}, 0.005, FpirRule::kExact);
  bootstrap.add_rate("more", {0}, 0.05, FpirRule::kExact);
  Result result;
  result.metrics["kept"] = result.metrics["more"] = {};
  bootstrap.set_intervals(100, result);
  CHECK(result.metrics.at("kept").ci_low.has_value());
  CHECK_FALSE(result.metrics.at("more").ci_low.has_value());
}
