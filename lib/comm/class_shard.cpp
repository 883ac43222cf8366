#include <algorithm>

#include "comm/comm.h"
#include "core/error.h"

namespace fr {

ClassShard class_shard(int64_t classes, int rank, int size) {
  FR_CHECK(size > 0 && rank >= 0 && rank < size, "rank {} of {} does not exist", rank, size);
  const int64_t each = classes / size, longer = classes % size;
  const int64_t begin = each * rank + std::min<int64_t>(rank, longer);
  return {begin, begin + each + (rank < longer ? 1 : 0)};
}

}  // namespace fr
