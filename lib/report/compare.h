// Two models on the same pairs: is the one better, or was it luck?
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "eval/interval.h"
#include "eval/outcomes.h"
#include "eval/result.h"

namespace fr {

// McNemar's exact test on the pairs that only one of the two judges rightly.
struct Discordant {
  int64_t only_a = 0, only_b = 0;
  double p = 1;
};

struct ComparedMetric {
  std::string name;  // "accuracy", "tar@far=1e-3"
  double a = 0, b = 0;
  Interval difference;                   // of b - a: percentile interval of the paired bootstrap
  std::optional<Discordant> discordant;  // of the accuracy
};

struct Comparison {
  std::string protocol, list;
  std::string name_a, name_b;
  int64_t pairs = 0, genuine = 0;
  int64_t subjects = 0;  // that were drawn; 0: nobody is known, single pairs were
  int64_t resamples = 0;
  std::vector<ComparedMetric> metrics;
};

// One of the two: a result, its outcomes and the file they come from.
struct Compared {
  std::string path;
  Result result;
  PairOutcomes outcomes;
};
Compared read_compared(const std::string& path);

// Accuracy where both have it, and every exact tar@far that both have. The bootstrap draws people where they
// are known, with the same draw for both models; thresholds of tar@far are found again in each resample,
// those of the accuracy are kept. Throws fr::Error where protocol, list, number of pairs or labels differ, or
// nothing can be compared.
Comparison compare(const Compared& a, const Compared& b, int64_t resamples);

std::string print_comparison(const Comparison& comparison);  // for a terminal

}  // namespace fr
