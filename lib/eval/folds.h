// KFOLD of spec 6: contiguous folds in list order, and the counts below every threshold of a grid in each of
// them.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace fr {

// Items [begin, end) are one test part; the training part is everything else, or with a single fold the same
// items.
struct Fold {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
};

// The first n mod k folds have floor(n/k)+1 items, the rest floor(n/k). k <= 1: one fold of all. Throws
// fr::Error when n < k.
std::vector<Fold> k_folds(int64_t n, int64_t k);

// np.arange(0, 4, step): element j is j*step, one f64 multiplication; ceil(4/step) elements (spec 7.1).
std::vector<double> threshold_grid(double step);

// Genuine and impostor pairs accepted (distance < grid[j], strictly) at each of g grid points.
struct GridCounts {
  int64_t genuine_total = 0, impostor_total = 0;
  std::vector<int64_t> genuine, impostor;  // (g)
  GridCounts& operator+=(const GridCounts& other);
  GridCounts& operator-=(const GridCounts& other);
};

// Counts over distances (n) with labels same (n); a failed pair has distance +inf.
GridCounts count_below(std::span<const double> distances, std::span<const uint8_t> same,
                       std::span<const double> grid);

// Counts of each test part and of its training part.
struct FoldCounts {
  Fold fold;
  GridCounts test, train;
};
std::vector<FoldCounts> count_folds(std::span<const double> distances, std::span<const uint8_t> same,
                                    int64_t folds, std::span<const double> grid);

}  // namespace fr
