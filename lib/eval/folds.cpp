#include "eval/folds.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/error.h"

namespace fr {

std::vector<Fold> k_folds(int64_t n, int64_t k) {
  if (k <= 1) return {{0, n}};
  FR_CHECK(n >= k, "{} pairs cannot be cut into {} folds", n, k);
  std::vector<Fold> folds;
  int64_t begin = 0;
  for (int64_t i = 0; i < k; ++i) {
    const int64_t end = begin + n / k + (i < n % k ? 1 : 0);
    folds.push_back({begin, end});
    begin = end;
  }
  return folds;
}

std::vector<double> threshold_grid(double step) {
  std::vector<double> grid(static_cast<size_t>(std::ceil(4 / step)));
  for (size_t j = 0; j < grid.size(); ++j) grid[j] = static_cast<double>(j) * step;
  return grid;
}

GridCounts& GridCounts::operator+=(const GridCounts& other) {
  genuine_total += other.genuine_total;
  impostor_total += other.impostor_total;
  for (size_t j = 0; j < genuine.size(); ++j) {
    genuine[j] += other.genuine[j];
    impostor[j] += other.impostor[j];
  }
  return *this;
}

GridCounts& GridCounts::operator-=(const GridCounts& other) {
  genuine_total -= other.genuine_total;
  impostor_total -= other.impostor_total;
  for (size_t j = 0; j < genuine.size(); ++j) {
    genuine[j] -= other.genuine[j];
    impostor[j] -= other.impostor[j];
  }
  return *this;
}

GridCounts count_below(std::span<const double> distances, std::span<const uint8_t> same,
                       std::span<const double> grid) {
  assert(distances.size() == same.size());
  GridCounts counts;
  counts.genuine.assign(grid.size(), 0);
  counts.impostor.assign(grid.size(), 0);
  for (size_t i = 0; i < distances.size(); ++i) {
    ++(same[i] ? counts.genuine_total : counts.impostor_total);
    // The first threshold above the distance accepts the pair, and so do all later ones.
    const auto first = std::upper_bound(grid.begin(), grid.end(), distances[i]) - grid.begin();
    if (first == std::ssize(grid)) continue;
    ++(same[i] ? counts.genuine : counts.impostor)[static_cast<size_t>(first)];
  }
  for (size_t j = 1; j < grid.size(); ++j) {
    counts.genuine[j] += counts.genuine[j - 1];
    counts.impostor[j] += counts.impostor[j - 1];
  }
  return counts;
}

std::vector<FoldCounts> count_folds(std::span<const double> distances, std::span<const uint8_t> same,
                                    int64_t folds, std::span<const double> grid) {
  std::vector<FoldCounts> result;
  GridCounts all = count_below({}, {}, grid);
  for (const Fold& fold : k_folds(std::ssize(distances), folds)) {
    const auto begin = static_cast<size_t>(fold.begin), size = static_cast<size_t>(fold.size());
    result.push_back(
        {fold, count_below(distances.subspan(begin, size), same.subspan(begin, size), grid), {}});
    all += result.back().test;
  }
  for (FoldCounts& counts : result) {
    counts.train = all;
    if (result.size() > 1) counts.train -= counts.test;
  }
  return result;
}

}  // namespace fr
