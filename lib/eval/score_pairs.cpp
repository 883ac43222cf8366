// score_pairs: the pairs of a list, reordered so that template rows come from the caches. The order changes
// no bit: each score is one dot product (or distance) in the order of eval/pair_score.h, four of them at a
// time.
#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <limits>
#include <numeric>
#include <span>
#include <utility>

#include "core/long_vector.h"
#include "core/parallel.h"
#include "core/tensor.h"
#include "eval/evaluate.h"
#include "eval/pair_score.h"

namespace fr {

namespace {

typedef double Doubles __attribute__((vector_size(32)));
constexpr size_t kLanes = 4;  // columns scored side by side: one sum a lane
using Columns = std::array<const double*, kLanes>;

struct Product {
  template <class Value>
  static Value term(Value a, Value b) {
    return a * b;
  }
};
struct SquaredDifference {
  template <class Value>
  static Value term(Value a, Value b) {
    const Value difference = a - b;
    return difference * difference;
  }
};

inline Doubles load(const double* p) {
  Doubles v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// In lane i: (v[i]_0 + v[i]_1) + (v[i]_2 + v[i]_3).
inline Doubles lane_sums(const Doubles (&v)[kLanes]) {
  const auto neighbours = [](Doubles x, Doubles y) {
    return __builtin_shufflevector(x, y, 0, 4, 2, 6) + __builtin_shufflevector(x, y, 1, 5, 3, 7);
  };
  const Doubles first = neighbours(v[0], v[1]), second = neighbours(v[2], v[3]);
  return __builtin_shufflevector(first, second, 0, 1, 4, 5) +
         __builtin_shufflevector(first, second, 2, 3, 6, 7);
}

// In lane i the pairwise_sum of Term::term(a_k, b[i]_k), k in [begin, begin + n), n >= 8, bit for bit.
template <class Term>
Doubles pairwise_sums(const double* a, const Columns& b, int64_t begin, int64_t n) {
  if (n > 128) {
    const int64_t half = n / 2 - (n / 2) % 8;
    const Doubles first = pairwise_sums<Term>(a, b, begin, half);
    return first + pairwise_sums<Term>(a, b, begin + half, n - half);
  }
  Doubles low[kLanes], high[kLanes];  // the eight accumulators of each sum
  for (size_t i = 0; i < kLanes; ++i) {
    low[i] = Term::term(load(a + begin), load(b[i] + begin));
    high[i] = Term::term(load(a + begin + 4), load(b[i] + begin + 4));
  }
  int64_t k = begin + 8;
  for (; k < begin + n - n % 8; k += 8) {
    const Doubles first = load(a + k), second = load(a + k + 4);
    for (size_t i = 0; i < kLanes; ++i) {
      low[i] += Term::term(first, load(b[i] + k));
      high[i] += Term::term(second, load(b[i] + k + 4));
    }
  }
  Doubles sums = lane_sums(low) + lane_sums(high);
  for (; k < begin + n; ++k) {
    for (size_t i = 0; i < kLanes; ++i) sums[i] += Term::term(a[k], b[i][k]);
  }
  return sums;
}

// The templates that occur on one side of the list, numbered without gaps.
struct Side {
  std::vector<int32_t> number;     // (templates): -1 where it does not occur
  std::vector<int32_t> templates;  // by number
};

Side number_side(const PairList& list, int32_t Pair::*side, int64_t templates) {
  Side result;
  result.number.assign(static_cast<size_t>(templates), -1);
  for (const Pair& pair : list.pairs) result.number[static_cast<size_t>(pair.*side)] = 0;
  for (size_t t = 0; t < result.number.size(); ++t) {
    if (result.number[t] < 0) continue;
    result.number[t] = static_cast<int32_t>(result.templates.size());
    result.templates.push_back(static_cast<int32_t>(t));
  }
  return result;
}

// The square of all (a, b) in blocks of `rows` x `cols` numbers: the columns stay in the second-level cache,
// while the rows, which stay in the third, run past them.
struct Blocks {
  int64_t rows = 0, cols = 0, across = 0, count = 0;
  Blocks(int64_t a, int64_t b, int64_t dim) {
    constexpr int64_t kRowBytes = 4 << 20, kColBytes = 384 << 10;
    const int64_t row_size = dim * static_cast<int64_t>(sizeof(double));
    rows = std::clamp<int64_t>(kRowBytes / row_size, 1, 1 << 12);
    cols = std::clamp<int64_t>(kColBytes / row_size, 1, 1 << 12);
    across = (b + cols - 1) / cols;
    count = (a + rows - 1) / rows * across;
  }
};

// Where a pair stands in the list, and its two numbers within the block.
struct Cell {
  uint32_t index;
  uint16_t row, col;
};

// All pairs, block after block; offsets (blocks + 1) says where each begins.
struct Ordered {
  Memory memory;
  std::span<Cell> cells;
  std::vector<int64_t> offsets;
};

Ordered order_by_block(const PairList& list, const Side& a, const Side& b, const Blocks& blocks) {
  const auto count = static_cast<int64_t>(list.pairs.size());
  const int64_t ranges = std::clamp<int64_t>(count >> 16, 1, thread_count());
  const auto block_of = [&](int64_t row, int64_t col) {
    return static_cast<size_t>(row / blocks.rows * blocks.across + col / blocks.cols);
  };
  // next[r][block]: first how many pairs range r has in the block, then where the next of them goes.
  std::vector<std::vector<int64_t>> next(static_cast<size_t>(ranges),
                                         std::vector<int64_t>(static_cast<size_t>(blocks.count)));
  const auto visit = [&](int64_t r, const auto& body) {
    for (int64_t i = count * r / ranges; i < count * (r + 1) / ranges; ++i) {
      const Pair& pair = list.pairs[static_cast<size_t>(i)];
      body(i, int64_t{a.number[static_cast<size_t>(pair.a)]}, int64_t{b.number[static_cast<size_t>(pair.b)]});
    }
  };
  parallel_for(ranges, [&](int64_t r) {
    std::vector<int64_t>& mine = next[static_cast<size_t>(r)];
    visit(r, [&](int64_t, int64_t row, int64_t col) { ++mine[block_of(row, col)]; });
  });
  Ordered result;
  int64_t total = 0;
  for (size_t block = 0; block < static_cast<size_t>(blocks.count); ++block) {
    result.offsets.push_back(total);
    for (std::vector<int64_t>& mine : next) total += std::exchange(mine[block], total);
  }
  result.offsets.push_back(total);
  result.memory = Memory(count * static_cast<int64_t>(sizeof(Cell)));
  result.cells = {reinterpret_cast<Cell*>(result.memory.data()), static_cast<size_t>(count)};
  parallel_for(ranges, [&](int64_t r) {
    std::vector<int64_t>& mine = next[static_cast<size_t>(r)];
    visit(r, [&](int64_t i, int64_t row, int64_t col) {
      result.cells[static_cast<size_t>(mine[block_of(row, col)]++)] = {
          static_cast<uint32_t>(i), static_cast<uint16_t>(row % blocks.rows),
          static_cast<uint16_t>(col % blocks.cols)};
    });
  });
  return result;
}

// Scores the cells of one block after the other; one a thread.
template <class Term>
class BlockScorer {
 public:
  BlockScorer(const TemplateFeatures& features, const Side& a, const Side& b, const Blocks& blocks,
              std::vector<double>& scores)
      : features_(features),
        a_(a),
        b_(b),
        blocks_(blocks),
        scores_(scores),
        columns_(blocks.cols * stride() * int64_t{sizeof(double)}) {}

  void operator()(std::span<const Cell> cells, int64_t block) {
    if (cells.empty()) return;
    const int64_t a0 = block / blocks_.across * blocks_.rows, b0 = block % blocks_.across * blocks_.cols;
    const int64_t rows = std::min(blocks_.rows, std::ssize(a_.templates) - a0);
    const int64_t cols = std::min(blocks_.cols, std::ssize(b_.templates) - b0);
    first_column_ = b0;
    copied_ = std::ssize(cells) >= cols;
    for (int64_t c = 0; copied_ && c < cols; ++c) std::copy_n(row_of(b_, b0 + c), features_.dim, copy(c));
    std::vector<int64_t> begin(static_cast<size_t>(rows) + 1);
    for (const Cell& cell : cells) ++begin[cell.row + 1u];
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    std::vector<Cell> by_row(cells.size());
    std::vector<int64_t> next(begin.begin(), begin.end() - 1);
    for (const Cell& cell : cells) by_row[static_cast<size_t>(next[cell.row]++)] = cell;
    for (size_t row = 0; row < static_cast<size_t>(rows); ++row) {
      score_row(row_of(a_, a0 + static_cast<int64_t>(row)),
                std::span(by_row).subspan(static_cast<size_t>(begin[row]),
                                          static_cast<size_t>(begin[row + 1] - begin[row])));
    }
  }

 private:
  const double* row_of(const Side& side, int64_t number) const {
    return features_.row(side.templates[static_cast<size_t>(number)]);
  }
  // An odd number of cache lines: rows a multiple of 4096 bytes apart are read from the same bank.
  int64_t stride() const { return ((features_.dim + 7) / 8 | 1) * 8; }
  double* copy(int64_t c) const { return reinterpret_cast<double*>(columns_.data()) + c * stride(); }

  const double* column(int64_t c) const { return copied_ ? copy(c) : row_of(b_, first_column_ + c); }

  void score_row(const double* a, std::span<const Cell> cells) {
    for (size_t i = 0; i < cells.size(); i += kLanes) {
      const size_t count = std::min(kLanes, cells.size() - i);
      Columns b;
      for (size_t j = 0; j < kLanes; ++j) b[j] = column(cells[i + std::min(j, count - 1)].col);
      Doubles sums;
      if (features_.dim >= 8) {
        sums = pairwise_sums<Term>(a, b, 0, features_.dim);
      } else {
        for (size_t j = 0; j < kLanes; ++j) {
          sums[j] =
              pairwise_sum<double>(0, features_.dim, [&](int64_t k) { return Term::term(a[k], b[j][k]); });
        }
      }
      for (size_t j = 0; j < count; ++j) scores_[cells[i + j].index] = sums[j];
    }
  }

  const TemplateFeatures& features_;
  const Side &a_, &b_;
  const Blocks& blocks_;
  std::vector<double>& scores_;
  Memory columns_;  // (blocks.cols, stride) in f64: copies of this block's, where it has many pairs
  int64_t first_column_ = 0;
  bool copied_ = false;
};

template <class Term>
std::vector<double> scores_of(const PairList& list, const TemplateFeatures& features) {
  std::vector<double> scores = long_vector<double>(std::ssize(list.pairs));
  if (scores.empty()) return scores;
  assert(scores.size() <= std::numeric_limits<uint32_t>::max());
  Side a, b;
  parallel_tasks(2, [&](int64_t i) {
    (i == 0 ? a : b) = number_side(list, i == 0 ? &Pair::a : &Pair::b, features.count);
  });
  const Blocks blocks(std::ssize(a.templates), std::ssize(b.templates), features.dim);
  const Ordered ordered = order_by_block(list, a, b, blocks);
  std::vector<BlockScorer<Term>> workers;
  for (int t = 0; t < thread_count(); ++t) workers.emplace_back(features, a, b, blocks, scores);
  parallel_tasks(blocks.count, [&](int64_t block) {
    const int64_t begin = ordered.offsets[static_cast<size_t>(block)];
    const int64_t end = ordered.offsets[static_cast<size_t>(block) + 1];
    workers[static_cast<size_t>(omp_get_thread_num())](
        ordered.cells.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin)), block);
  });
  return scores;
}

}  // namespace

std::vector<double> score_pairs(const PairList& list, const TemplateFeatures& templates) {
  const bool distance = list.score == PairScore::kSquaredDistance;
  std::vector<double> scores =
      distance ? scores_of<SquaredDifference>(list, templates) : scores_of<Product>(list, templates);
  if (std::find(templates.failed.begin(), templates.failed.end(), 1) == templates.failed.end()) return scores;
  const double never = (distance ? 1 : -1) * std::numeric_limits<double>::infinity();
  parallel_for(std::ssize(list.pairs), [&](int64_t i) {
    const Pair& pair = list.pairs[static_cast<size_t>(i)];
    if (templates.failed[static_cast<size_t>(pair.a)] || templates.failed[static_cast<size_t>(pair.b)]) {
      scores[static_cast<size_t>(i)] = never;
    }
  });
  return scores;
}

}  // namespace fr
