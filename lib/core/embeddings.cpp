#include "core/embeddings.h"

namespace fr {

Embeddings Embeddings::make(int64_t rows, int64_t dim) {
  Embeddings result;
  result.rows = rows;
  result.dim = dim;
  result.owned = Tensor({.n = rows, .c = dim});
  result.values = result.owned.f32();
  return result;
}

}  // namespace fr
