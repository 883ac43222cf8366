#include "report/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/files.h"
#include "eval/bootstrap.h"
#include "eval/evaluate.h"
#include "eval/mcnemar.h"
#include "eval/pair_bootstrap.h"

namespace fr {

namespace {

std::string value_of(const std::map<std::string, std::string>& map, const std::string& key) {
  const auto it = map.find(key);
  return it == map.end() ? "" : it->second;
}

void require_same_pairs(const Compared& a, const Compared& b) {
  FR_CHECK(a.result.protocol == b.result.protocol, "{} is a result of {}, {} of {}: nothing to compare",
           a.path, a.result.protocol, b.path, b.result.protocol);
  const std::string first = value_of(a.result.dataset, "hash"), second = value_of(b.result.dataset, "hash");
  FR_CHECK(first == second && !first.empty(), "{} and {} were made from different lists: {} {} and {} {}",
           a.path, b.path, value_of(a.result.dataset, "list"), first, value_of(b.result.dataset, "list"),
           second);
  FR_CHECK(a.outcomes.same.size() == b.outcomes.same.size(), "{} has {} pairs, {} has {}", a.path,
           a.outcomes.same.size(), b.path, b.outcomes.same.size());
  const auto differ = std::ranges::mismatch(a.outcomes.same, b.outcomes.same).in1 - a.outcomes.same.begin();
  FR_CHECK(differ == std::ssize(a.outcomes.same), "pair {} is genuine in only one of {} and {}", differ,
           a.path, b.path);
  const auto folds = [](const Compared& of) {
    const auto it = of.result.counts.find("folds");
    return it == of.result.counts.end() ? 0 : it->second;
  };
  FR_CHECK(folds(a) == folds(b), "{} was made with {} folds, {} with {}", a.path, folds(a), b.path, folds(b));
}

// Target rates of the exact tar@far metrics that both results have, largest first.
std::vector<double> common_rates(const Result& a, const Result& b) {
  constexpr std::string_view prefix = "tar@far=";
  std::vector<double> rates;
  for (const auto& [name, metric] : a.metrics) {
    if (!name.starts_with(prefix) || name.find('/') != std::string::npos || !b.metrics.contains(name))
      continue;
    rates.push_back(parse_double(std::string_view(name).substr(prefix.size()), name));
  }
  std::sort(rates.rbegin(), rates.rend());
  return rates;
}

Discordant discordant_pairs(const PairOutcomes& a, const PairOutcomes& b) {
  Discordant result;
  for (size_t i = 0; i < a.correct.size(); ++i) {
    result.only_a += a.correct[i] > b.correct[i];
    result.only_b += a.correct[i] < b.correct[i];
  }
  result.p = mcnemar(result.only_a, result.only_b);
  return result;
}

// Mean over the copies of all pairs of (b right) - (a right).
double accuracy_difference(const PairOutcomes& a, const PairOutcomes& b, const PairSubjects& subjects,
                           std::span<const int32_t> weights) {
  int64_t sum = 0, copies = 0;
  for (size_t i = 0; i < a.correct.size(); ++i) {
    const int64_t weight = subjects.copies(i, weights);
    sum += weight * (b.correct[i] - a.correct[i]);
    copies += weight;
  }
  return static_cast<double>(sum) / static_cast<double>(copies);
}

std::string name_of(const Compared& of) {
  const std::string name = value_of(of.result.model, "name");
  return name.empty() ? of.path : fmt::format("{}  ({})", name, of.path);
}

std::string p_text(double p) { return p < 1e-4 ? fmt::format("{:.1e}", p) : fmt::format("{:.4f}", p); }

std::string verdict(const ComparedMetric& metric) {
  if (metric.difference.low > 0) return "B better";
  if (metric.difference.high < 0) return "A better";
  return "no difference shown";
}

}  // namespace

Compared read_compared(const std::string& path) {
  Compared result{path, read_result(path), {}};
  result.outcomes = read_outcomes(result.result, path);
  return result;
}

Comparison compare(const Compared& a, const Compared& b, int64_t resamples) {
  FR_CHECK(resamples > 0, "{} resamples", resamples);
  require_same_pairs(a, b);
  const bool people = !a.outcomes.subject_a.empty();
  const auto pairs = std::ssize(a.outcomes.same);
  const PairSubjects subjects =
      people ? number_subjects(a.outcomes.subject_a, a.outcomes.subject_b) : each_pair_alone(pairs);
  Comparison result;
  result.protocol = a.result.protocol;
  result.list = value_of(a.result.dataset, "list");
  result.pairs = pairs;
  result.name_a = name_of(a);
  result.name_b = name_of(b);
  result.genuine = std::count(a.outcomes.same.begin(), a.outcomes.same.end(), uint8_t{1});
  result.subjects = people ? subjects.count : 0;
  result.resamples = resamples;

  const bool accuracy = !a.outcomes.correct.empty() && !b.outcomes.correct.empty();
  const std::vector<double> rates = common_rates(a.result, b.result);
  const PairBootstrap first(a.outcomes.alike, a.outcomes.same, subjects);
  const PairBootstrap second(b.outcomes.alike, b.outcomes.same, subjects);
  const Resampling resampling{.resamples = resamples};
  // The differences at each rate, and last that of the accuracy.
  const auto differences = resample(subjects.count, std::ssize(rates) + accuracy, resampling,
                                    [&](std::span<const int32_t> weights, std::span<double> values) {
                                      std::vector<double> of_a(rates.size());
                                      first.rates(weights, rates, of_a);
                                      second.rates(weights, rates, values.first(rates.size()));
                                      for (size_t j = 0; j < rates.size(); ++j) values[j] -= of_a[j];
                                      if (accuracy)
                                        values.back() =
                                            accuracy_difference(a.outcomes, b.outcomes, subjects, weights);
                                    });
  const auto add = [&](const std::string& name, const std::vector<double>& of) {
    result.metrics.push_back({.name = name,
                              .a = a.result.metrics.at(name).value,
                              .b = b.result.metrics.at(name).value,
                              .difference = percentile_interval(of, resampling.confidence),
                              .discordant = {}});
  };
  if (accuracy) {
    add("accuracy", differences.back());
    result.metrics[0].discordant = discordant_pairs(a.outcomes, b.outcomes);
  }
  for (size_t j = 0; j < rates.size(); ++j) add("tar@far=" + rate_text(rates[j]), differences[j]);
  FR_CHECK(!result.metrics.empty(), "{} and {} have no metric in common that can be compared", a.path,
           b.path);
  return result;
}

std::string print_comparison(const Comparison& comparison) {
  std::string text =
      fmt::format("{}  {}, {} pairs ({} genuine)\n  A  {}\n  B  {}\n\n", comparison.protocol, comparison.list,
                  comparison.pairs, comparison.genuine, comparison.name_a, comparison.name_b);
  text += fmt::format("{:<14} {:>9} {:>9} {:>10}   {:<24} {}\n", "%", "A", "B", "B - A", "95 % interval",
                      "verdict");
  for (const ComparedMetric& metric : comparison.metrics) {
    text += fmt::format(
        "{:<14} {:>9.4f} {:>9.4f} {:>+10.4f}   {:<24} {}\n", metric.name, 100 * metric.a, 100 * metric.b,
        100 * (metric.b - metric.a),
        fmt::format("[{:+.4f}, {:+.4f}]", 100 * metric.difference.low, 100 * metric.difference.high),
        verdict(metric));
  }
  text += "\n";
  for (const ComparedMetric& metric : comparison.metrics) {
    if (!metric.discordant) continue;
    text += fmt::format("McNemar, exact: {} pairs right with A alone, {} with B alone, p = {}\n",
                        metric.discordant->only_a, metric.discordant->only_b, p_text(metric.discordant->p));
  }
  const std::string drawn = comparison.subjects > 0 ? fmt::format("{} people", comparison.subjects)
                                                    : "single pairs (no people are known)";
  return text + fmt::format(
                    "Intervals: paired bootstrap, {} resamples of {};\n"
                    "they take no account of how many metrics are looked at.\n",
                    comparison.resamples, drawn);
}

}  // namespace fr
