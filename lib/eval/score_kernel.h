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

inline constexpr int64_t kChains = 8;  // scores that score_lanes makes side by side

// scores[i] = pair_score(a, b[i]) for kChains single rows of panels: a lane of a probe panel, and lanes of
// gallery panels. Their chains overlap, each alone waits for its own last step.
void score_lanes(int64_t d, const float* a, const float* const b[kChains], float scores[kChains]);

}  // namespace fr
