// Which classes of a shard take part in a step (spec 1.6): those of the batch, and the classes with the
// largest draws beside them, sorted ascending.
// - The draw of class c at step s is number (seed, "head.sample", s, c): it depends on no order of calls.
// - Selection by the digits of the draws' threshold, equal draws by class: the same on every device.
#pragma once
#include <cstdint>

#include "core/array.h"

namespace fr {

// The draw from which on classes outside the batch are taken: all above it, and `ties` of those that equal
// it. While it is being found, `draw` holds its leading digits.
struct SampleThreshold {
  uint32_t draw;
  int32_t ties, taken;  // taken: classes outside the batch
};

// How often each value of a four-bit digit occurs.
struct DigitCounts {
  static constexpr int kValues = 16;
  int32_t of[kValues];
};

class SampledClasses {
 public:
  // Classes [first, first + classes) of all, of which `wanted` are sampled; more where the batch has more.
  SampledClasses(Device device, int64_t first, int64_t classes, int64_t wanted, uint64_t seed);

  // Of the draws from now on. Apart from draw(), so that a captured step can be repeated at another.
  void set_step(int64_t step);
  void draw();
  uint32_t* draws() const { return draws_.data(); }  // (classes), for tests to choose

  // columns() from now on, for batches of n rows: max(wanted, min(n, classes)).
  void resize(int64_t n);
  // labels (n) in the shard or -1 -> columns (n): the label's place among the sampled classes, or -1.
  void select(int64_t n, const int32_t* labels, int32_t* columns);

  int64_t columns() const { return index_.size(); }
  const int32_t* index() const { return index_.data(); }          // (columns) ascending, then -1
  const int32_t* column_of() const { return column_of_.data(); }  // (classes) column, or -1
  // (1) columns in use, on the device; null where all are, whatever the batch.
  const int32_t* used() const { return always_full_ ? nullptr : used_.data(); }

 private:
  void find_threshold();
  void place();

  Device device_;
  int64_t first_, classes_, wanted_, chunks_;
  uint64_t key_;
  bool always_full_ = false;
  Array<uint64_t> step_;              // (1)
  Array<uint32_t> draws_;             // (classes)
  Array<int32_t> column_of_;          // (classes)
  Array<int32_t> index_;              // (columns)
  Array<int32_t> used_;               // (1)
  Array<SampleThreshold> threshold_;  // (1)
  Array<DigitCounts> digits_;         // (chunks)
  Array<int64_t> counts_, before_;    // (chunks) surely taken, and ties in the upper half
};

}  // namespace fr
