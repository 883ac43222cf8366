#include "core/long_vector.h"

#include <sys/mman.h>

#include <algorithm>

#include "core/parallel.h"

namespace fr {

void make_pages(void* data, int64_t bytes) {
  constexpr int64_t kHuge = 2 << 20, kWorthIt = 4 << 20;
  if (bytes < kWorthIt) return;
  const auto begin = (reinterpret_cast<int64_t>(data) + kHuge - 1) / kHuge * kHuge;
  const auto pages = (reinterpret_cast<int64_t>(data) + bytes - begin) / kHuge;
  const auto page = [&](int64_t p) { return reinterpret_cast<void*>(begin + p * kHuge); };
  madvise(page(0), static_cast<size_t>(pages * kHuge), MADV_HUGEPAGE);
  parallel_tasks(pages, [&](int64_t p) { madvise(page(p), kHuge, MADV_POPULATE_WRITE); });
}

}  // namespace fr
