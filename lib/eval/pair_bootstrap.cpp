#include "eval/pair_bootstrap.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "eval/roc.h"

namespace fr {

namespace {

// Copies of the first 0, 1, … n pairs: (n + 1).
std::vector<int64_t> cumulative_copies(const PairSubjects& pairs, std::span<const int32_t> weights) {
  std::vector<int64_t> sums(pairs.a.size() + 1);
  for (size_t i = 0; i < pairs.a.size(); ++i) sums[i + 1] = sums[i] + pairs.copies(i, weights);
  return sums;
}

int64_t count_copies(const PairSubjects& pairs, std::span<const int32_t> weights) {
  int64_t sum = 0;
  for (size_t i = 0; i < pairs.a.size(); ++i) sum += pairs.copies(i, weights);
  return sum;
}

// The subjects of some pairs, in this order.
PairSubjects subjects_of(const std::vector<size_t>& pairs, const PairSubjects& all) {
  PairSubjects result{all.count, {}, {}};
  for (const size_t pair : pairs) {
    result.a.push_back(all.a[pair]);
    result.b.push_back(all.b[pair]);
  }
  return result;
}

}  // namespace

PairSubjects number_subjects(std::span<const int64_t> a, std::span<const int64_t> b) {
  assert(a.size() == b.size());
  PairSubjects result;
  std::unordered_map<int64_t, int32_t> numbers;
  const auto number = [&](int64_t subject) {
    const auto next = static_cast<int32_t>(result.count);
    const int32_t found = subject < 0 ? next : numbers.emplace(subject, next).first->second;
    result.count += found == next;
    return found;
  };
  for (size_t i = 0; i < a.size(); ++i) {
    result.a.push_back(number(a[i]));
    result.b.push_back(number(b[i]));
  }
  return result;
}

PairSubjects each_pair_alone(int64_t pairs) {
  PairSubjects result{pairs, {}, {}};
  for (int64_t i = 0; i < pairs; ++i) result.a.push_back(static_cast<int32_t>(i));
  result.b = result.a;
  return result;
}

PairBootstrap::PairBootstrap(std::span<const double> alike, std::span<const uint8_t> same,
                             const PairSubjects& subjects) {
  assert(alike.size() == same.size() && subjects.a.size() == same.size());
  std::vector<size_t> genuine, impostor;
  for (size_t i = 0; i < same.size(); ++i) {
    (same[i] ? genuine : impostor).push_back(i);
    finite_genuine_ += same[i] && std::isfinite(alike[i]);
  }
  const auto more_alike = [&](size_t x, size_t y) { return alike[x] > alike[y]; };
  std::sort(genuine.begin(), genuine.end(), more_alike);
  std::sort(impostor.begin(), impostor.end(), more_alike);
  size_t above = 0;
  for (const size_t pair : impostor) {
    while (above < genuine.size() && alike[genuine[above]] > alike[pair]) ++above;
    above_.push_back(static_cast<int64_t>(above));
  }
  genuine_ = subjects_of(genuine, subjects);
  impostor_ = subjects_of(impostor, subjects);
}

void PairBootstrap::rates(std::span<const int32_t> weights, std::span<const double> far,
                          std::span<double> tar) const {
  const std::vector<int64_t> genuine = cumulative_copies(genuine_, weights);
  const int64_t total = count_copies(impostor_, weights);
  std::vector<size_t> ascending(far.size());
  std::iota(ascending.begin(), ascending.end(), size_t{0});
  std::ranges::sort(ascending, {}, [&](size_t j) { return far[j]; });
  size_t pair = 0;  // before it lie `passed` copies
  int64_t passed = 0;
  for (const size_t j : ascending) {
    // The (k+1)-th copy decides.
    const int64_t k = allowed_false_accepts(far[j], total);
    for (; pair < above_.size(); ++pair) {
      const int64_t next = passed + impostor_.copies(pair, weights);
      if (next > k) break;
      passed = next;
    }
    const int64_t accepted = pair < above_.size() ? above_[pair] : finite_genuine_;
    tar[j] = total == 0 ? std::numeric_limits<double>::quiet_NaN()
                        : static_cast<double>(genuine[static_cast<size_t>(accepted)]) /
                              static_cast<double>(genuine.back());
  }
}

}  // namespace fr
