#include "eval/average_precision.h"

#include <unordered_set>

#include "core/error.h"

namespace fr {

double average_precision(const Retrieval& retrieval, int64_t depth) {
  FR_CHECK(!retrieval.truth.empty(), "an identity without videos has no average precision");
  const std::unordered_set<int64_t> truth(retrieval.truth.begin(), retrieval.truth.end());
  std::unordered_set<int64_t> seen;
  double sum = 0;
  int64_t rank = 0, hits = 0;
  for (const int64_t video : retrieval.ranked) {
    if (!seen.insert(video).second) continue;
    if (++rank > depth) break;
    if (truth.contains(video)) sum += static_cast<double>(++hits) / static_cast<double>(rank);
  }
  return sum / static_cast<double>(truth.size());
}

double mean_average_precision(std::span<const Retrieval> retrievals, int64_t depth) {
  FR_CHECK(!retrievals.empty(), "no identities to retrieve");
  double sum = 0;
  for (const Retrieval& retrieval : retrievals) sum += average_precision(retrieval, depth);
  return sum / static_cast<double>(retrievals.size());
}

}  // namespace fr
