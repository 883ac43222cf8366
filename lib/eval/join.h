// Join: which row of an embedding file belongs to each item of a plan (design 4.8).
#pragma once
#include <cstdint>
#include <vector>

#include "core/embeddings.h"
#include "eval/plan.h"

namespace fr {

struct Join {
  std::vector<int64_t> rows;  // (items): row of the item, or -1 for a failed item
  int64_t missing = 0;        // items without a row of their name
  int64_t unusable = 0;       // items whose row holds a NaN or an infinity
  int64_t extra = 0;          // rows that name no item
};

// By name where the embeddings have names: a name given twice is fr::Error. Without names row i belongs to
// item i, and another number of rows is fr::Error.
Join join(const Plan& plan, const Embeddings& embeddings);

}  // namespace fr
