// A group of processes that train together, and which classes of a large softmax each of them owns.
#pragma once
#include <cstdint>
#include <span>

namespace fr {

// Classes [begin, end) of the head live on this rank.
struct ClassShard {
  int64_t begin = 0, end = 0;
  int64_t count() const { return end - begin; }
  bool contains(int64_t label) const { return label >= begin && label < end; }
  bool operator==(const ClassShard&) const = default;
};

// Spec 1.6: floor(classes/size) each, the first classes mod size ranks one more.
ClassShard class_shard(int64_t classes, int rank, int size);

class Comm {
 public:
  virtual ~Comm() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  // Element by element over all ranks; every rank ends with the same bits. Called by all ranks in one order.
  virtual void all_reduce_max(std::span<float> values) = 0;
  virtual void all_reduce_sum(std::span<float> values) = 0;
  virtual void all_reduce_sum(std::span<double> values) = 0;
};

// The group of one: reductions leave their values as they are.
Comm& alone();

}  // namespace fr
