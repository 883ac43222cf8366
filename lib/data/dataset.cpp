#include "data/dataset.h"

#include "core/error.h"

namespace fr {

void Dataset::vector(int64_t, std::span<float>) const { fail("{}: holds images, not vectors", describe()); }

Shape Dataset::input_shape() const {
  if (vector_size() > 0) return {1, vector_size(), 1, 1};
  return {1, 3, kCropSize, kCropSize};
}

}  // namespace fr
