// MAP@k of ranked retrieval (spec 6.7).
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace fr {

// What was retrieved for one identity. Numbers name videos, and are the same in both lists.
struct Retrieval {
  std::vector<int64_t> truth;   // all videos of the identity; no number twice
  std::vector<int64_t> ranked;  // best first; a video named again is ignored, then `depth` are kept
};

// (1 / videos in truth) * the sum of the precision at each rank that holds one of them. The divisor is not
// cut at `depth`. Throws fr::Error where truth is empty.
double average_precision(const Retrieval& retrieval, int64_t depth = 100);

// Mean over the identities; one that nothing was retrieved for counts 0. Throws fr::Error without any.
double mean_average_precision(std::span<const Retrieval> retrievals, int64_t depth = 100);

}  // namespace fr
