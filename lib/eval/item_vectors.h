// ItemVectors: what one or several embedding files say of a plan's items, as one vector each. Rows may be
// frames: those of an item are averaged.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/embeddings.h"
#include "eval/plan.h"

namespace fr {

class ItemVectors {
 public:
  // A row belongs to the item of its name, or as a frame to the item VIDEO where it is named VIDEO/… or
  // VIDEO_… (cut at the last). Files without names have a row for each item. fr::Error for a name given
  // twice, an item with both a row and frames, another number of rows without names, and weights that are not
  // positive.
  ItemVectors(const Plan& plan, std::vector<WeightedEmbeddings> parts);

  int64_t count() const { return static_cast<int64_t>(usable_.size()); }  // items
  int64_t dim() const { return dim_; }                                    // sum over the files
  // Whether any file has a finite row of the item; an item without one has failed.
  bool has(int64_t item) const { return usable_[static_cast<size_t>(item)] != 0; }
  // Overwrites vector (dim). Of each file: the unit mean of the item's unit rows, times sqrt(weight / sum of
  // the weights), so that a dot product of two items is the weighted mean of the files' cosines; zeros where
  // the file has no row. Any thread.
  void read(int64_t item, float* vector) const;

  // Over all files: items without a row, items without a finite row, rows that belong to no item.
  int64_t missing() const { return missing_; }
  int64_t unusable() const { return unusable_; }
  int64_t extra() const { return extra_; }
  const std::vector<WeightedEmbeddings>& parts() const { return parts_; }
  std::string text() const;  // "face.h5", "face.h5 (weight 1) + scene.h5 (weight 0.3)"

 private:
  // Finite rows of each item in one file: rows[first[i]] … rows[first[i + 1] - 1].
  struct Rows {
    std::vector<int64_t> first, rows;  // (items + 1), ascending within an item
  };
  Rows rows_of(const Plan& plan, const Embeddings& embeddings);

  std::vector<WeightedEmbeddings> parts_;
  std::vector<Rows> rows_;       // (parts)
  std::vector<uint8_t> usable_;  // (items)
  double total_weight_ = 0;
  int64_t dim_ = 0, missing_ = 0, unusable_ = 0, extra_ = 0;
};

// Those of `items` that any of the sources has a vector of, in their order.
std::vector<int64_t> usable_items(std::span<const int64_t> items, std::span<const ItemVectors> sources);

}  // namespace fr
