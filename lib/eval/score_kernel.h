// Panels: rows side by side, k by k, and the register kernel that makes 6 x 16 scores of two of them. Each
// score is pair_score's own chain, so its bits depend on nothing else.
#pragma once
#include <cstdint>

#include "eval/score_stream.h"

namespace fr {

inline constexpr int64_t kProbePanel = 6, kGalleryPanel = 16;  // rows of a panel

// out (ceil(count / width), dim, width): rows [begin, begin + count) of `set`; rows short of a whole panel
// are 0. Runs on all threads.
void pack_panels(const RowSet& set, int64_t begin, int64_t count, int64_t width, float* out);

// scores[r * stride + c] = pair_score(row r of a, row c of b); a: (d, 6), b: (d, 16).
void score_panels(int64_t d, const float* a, const float* b, float* scores, int64_t stride);

inline constexpr int64_t kChains = 8;  // scores that score_chains makes side by side

// scores[i] = pair_score(a[i], b[i]), i < kChains. The chains overlap; each alone waits for its own last
// step.
void score_chains(int64_t d, const float* const a[kChains], const float* const b[kChains],
                  float scores[kChains]);

// a.b in whatever order is fast.
float quick_dot(int64_t d, const float* a, const float* b);

}  // namespace fr
