#include "core/long_vector.h"

#include <sys/mman.h>

#include <cstddef>

#include "core/parallel.h"

namespace fr {

void make_pages(void* data, int64_t bytes) {
  constexpr int64_t kHuge = 2 << 20, kWorthIt = 4 << 20;
  if (bytes < kWorthIt) return;
  const auto past = static_cast<int64_t>(reinterpret_cast<uintptr_t>(data) % kHuge);
  const int64_t skipped = past == 0 ? 0 : kHuge - past, pages = (bytes - skipped) / kHuge;
  const auto page = [&](int64_t p) { return static_cast<std::byte*>(data) + skipped + p * kHuge; };
  madvise(page(0), static_cast<size_t>(pages * kHuge), MADV_HUGEPAGE);
  parallel_tasks(pages, [&](int64_t p) { madvise(page(p), kHuge, MADV_POPULATE_WRITE); });
}

}  // namespace fr
