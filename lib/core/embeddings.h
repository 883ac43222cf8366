// Embeddings: (rows, dim) f32 row-major, in memory or mapped, with optional row names and the hash of their
// model.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/files.h"
#include "core/tensor.h"

namespace fr {

struct Embeddings {
  int64_t rows = 0, dim = 0;
  std::vector<std::string> names;  // empty, or one name a row
  std::string model;               // who made them: a model hash or a file name; may be empty
  std::string source;              // the file they came from; may be empty

  // Storage: `values` points into one of the two below (or, for a view, into somebody else's memory).
  const float* values = nullptr;  // (rows, dim)
  Tensor owned;
  MappedFile mapped;

  std::span<const float> row(int64_t i) const { return {values + i * dim, static_cast<size_t>(dim)}; }

  // Owned, uninitialised (rows, dim); write through `owned.f32()`.
  static Embeddings make(int64_t rows, int64_t dim);
};

// One of several files whose rows, side by side, describe an item; its weight is relative to the others'.
struct WeightedEmbeddings {
  Embeddings embeddings;
  double weight = 1;
};

}  // namespace fr
