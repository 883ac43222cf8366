// Intervals of searches by resampled people: ranks, and the rates above thresholds, which are found again in
// each resample. A person drawn w times brings w of each of his trials; distractors are not drawn.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "eval/gallery_search.h"
#include "eval/result.h"

namespace fr {

struct PersonScore {
  float score = 0;
  int32_t person = 0;
};

// One search with thresholds; `trials` and `deciding_trials` (people) count those without a score as well.
struct ThresholdSearch {
  std::vector<PersonScore> accepted;  // trials that any threshold below their score accepts
  std::vector<double> trials;
  std::vector<PersonScore> deciding;  // the largest scores that thresholds are taken from
  std::vector<double> deciding_trials;
};

class SearchBootstrap {
 public:
  // subjects: of everybody who has a trial; equal numbers are one person.
  explicit SearchBootstrap(std::span<const int64_t> subjects);
  int64_t people() const { return std::ssize(numbers_); }
  int32_t person(int64_t subject) const { return numbers_.at(subject); }
  std::vector<double> zeros() const { return std::vector<double>(numbers_.size()); }

  // Of the metric sum(hits) / sum(trials), both (people).
  void add_ratio(const std::string& metric, std::vector<double> hits, std::vector<double> trials);
  // Sorts the scores; its number is for add_rate.
  size_t add_search(ThresholdSearch search);
  // Of the metric mean over `searches` of the rate accepted at `rate` of deciding trials.
  void add_rate(const std::string& metric, std::vector<size_t> searches, double rate, FpirRule rule);

  // Gives the added metrics of the result their intervals; those whose resamples all agree keep theirs.
  void set_intervals(int64_t resamples, Result& result) const;

 private:
  struct Ratio {
    std::string metric;
    std::vector<double> hits, trials;
  };
  struct Rate {
    std::string metric;
    std::vector<size_t> searches;
    double rate;
    FpirRule rule;
  };
  std::vector<double> rates_of(size_t number, std::span<const int32_t> weights) const;

  std::unordered_map<int64_t, int32_t> numbers_;  // by subject
  std::vector<Ratio> ratios_;
  std::vector<ThresholdSearch> searches_;
  std::vector<Rate> rates_;
};

}  // namespace fr
