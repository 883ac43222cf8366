// TAR@FAR of resampled people: both the threshold and the rate are found again in each resample. Drawing a
// person w times makes w of each pair of his own, and w * v of each pair with a person drawn v times; pairs
// of a person's own copies are left out.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "eval/bootstrap.h"

namespace fr {

// Whom the two sides of each pair belong to, as numbers 0 … count-1.
struct PairSubjects {
  int64_t count = 0;
  std::vector<int32_t> a, b;  // (pairs)

  // How many copies of pair i a resample holds. weights: (count).
  int64_t copies(size_t i, std::span<const int32_t> weights) const {
    const auto first = static_cast<size_t>(a[i]), second = static_cast<size_t>(b[i]);
    return first == second ? weights[first] : int64_t{weights[first]} * weights[second];
  }
};

// Renumbers the subjects a, b (pairs) of both sides; each -1 (nobody with a number) becomes a person of his
// own.
PairSubjects number_subjects(std::span<const int64_t> a, std::span<const int64_t> b);

// Where nobody is known: each pair is drawn by itself.
PairSubjects each_pair_alone(int64_t pairs);

class PairBootstrap {
 public:
  // alike (pairs): higher is more alike, -infinity is a failed pair; same (pairs). `subjects` must outlive
  // it.
  PairBootstrap(std::span<const double> alike, std::span<const uint8_t> same, const PairSubjects& subjects);

  // tar (rates) at each of far (rates) by the exact rule (eval/roc.h) among the copies that `weights`
  // (subjects) makes; NaN where they lack a class. Any thread.
  void rates(std::span<const int32_t> weights, std::span<const double> far, std::span<double> tar) const;

 private:
  PairSubjects genuine_, impostor_;  // of the pairs of each class, most alike first
  std::vector<int64_t> above_;       // (impostor): genuine pairs strictly more alike
  int64_t finite_genuine_ = 0;
};

}  // namespace fr
