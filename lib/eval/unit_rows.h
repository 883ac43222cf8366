// Unit rows made when they are asked for: the scores of a million items need no second copy of their
// embeddings.
#pragma once
#include <cstdint>
#include <vector>

#include "eval/pool.h"
#include "eval/score_stream.h"

namespace fr {

// Row i is item items[i]: (original + flipped) / norm, computed in f64 and rounded once (spec 6.1); a zero
// row stays zero. Norms are computed once. `features` must outlive this, and have an embedding of each item.
class UnitRows {
 public:
  UnitRows(const ItemFeatures& features, std::vector<int64_t> items);
  int64_t count() const { return std::ssize(items_); }
  void read(int64_t i, float* row) const;  // row (dim)
  RowSet set() const;                      // views this object

 private:
  const ItemFeatures* features_;
  std::vector<int64_t> items_;
  std::vector<double> norms_;  // (count), 1 for a zero row
};

}  // namespace fr
