#include "eval/score_kernel.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "core/parallel.h"

namespace fr {

void pack_panels(const RowSet& set, int64_t begin, int64_t count, int64_t width, float* out) {
  parallel_ranges((count + width - 1) / width, 1, [&](int64_t first, int64_t last) {
    std::vector<float> one(static_cast<size_t>(set.dim));
    for (int64_t panel = first; panel < last; ++panel) {
      float* to = out + panel * width * set.dim;
      for (int64_t lane = 0; lane < width; ++lane) {
        const int64_t i = panel * width + lane;
        if (i < count) {
          set.read(begin + i, one.data());
        } else {
          std::fill(one.begin(), one.end(), 0.0f);
        }
        for (int64_t k = 0; k < set.dim; ++k) to[k * width + lane] = one[static_cast<size_t>(k)];
      }
    }
  });
}

void score_panels(int64_t d, const float* a, const float* b, float* scores, int64_t stride) {
  float sum[kProbePanel][kGalleryPanel] = {};
#pragma GCC unroll 2  // 5 % faster: half the loop's own instructions, and the sums still in registers
  for (int64_t k = 0; k < d; ++k) {
#pragma GCC unroll 6
    for (int64_t r = 0; r < kProbePanel; ++r) {
#pragma omp simd
      for (int64_t c = 0; c < kGalleryPanel; ++c) {
        sum[r][c] = std::fma(a[k * kProbePanel + r], b[k * kGalleryPanel + c], sum[r][c]);
      }
    }
  }
  for (int64_t r = 0; r < kProbePanel; ++r) std::copy_n(sum[r], kGalleryPanel, scores + r * stride);
}

void score_chains(int64_t d, const float* const a[kChains], const float* const b[kChains],
                  float scores[kChains]) {
  float sum[kChains] = {};
  for (int64_t k = 0; k < d; ++k) {
#pragma GCC unroll 8
    for (int64_t i = 0; i < kChains; ++i) sum[i] = std::fma(a[i][k], b[i][k], sum[i]);
  }
  std::copy_n(sum, kChains, scores);
}

float quick_dot(int64_t d, const float* a, const float* b) {
  constexpr int64_t lanes = 32;
  float sum[lanes] = {}, rest = 0;
  int64_t k = 0;
  for (; k + lanes <= d; k += lanes) {
#pragma omp simd
    for (int64_t i = 0; i < lanes; ++i) sum[i] = std::fma(a[k + i], b[k + i], sum[i]);
  }
  for (; k < d; ++k) rest = std::fma(a[k], b[k], rest);
  return std::accumulate(sum, sum + lanes, rest);
}

}  // namespace fr
