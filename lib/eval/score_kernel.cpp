#include "eval/score_kernel.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "core/parallel.h"

namespace fr {

namespace {

typedef float Eight __attribute__((vector_size(32)));

// to[k * stride + i] = rows[i * row_stride + k] for i, k < 8.
void turn_block(const float* rows, int64_t row_stride, float* to, int64_t stride) {
  Eight in[8], pairs[8], fours[8];
  for (int i = 0; i < 8; ++i) std::memcpy(&in[i], rows + i * row_stride, sizeof in[i]);
  for (int i = 0; i < 8; i += 2) {  // pairs[i]: of two rows k = 0, 1 and 4, 5; the next one: 2, 3 and 6, 7
    pairs[i] = __builtin_shufflevector(in[i], in[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    pairs[i + 1] = __builtin_shufflevector(in[i], in[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int i = 0; i < 8; i += 4) {  // fours[i + j]: of four rows k = j and j + 4
    for (int j = 0; j < 2; ++j) {
      const Eight a = pairs[i + j], b = pairs[i + j + 2];
      fours[i + 2 * j] = __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13);
      fours[i + 2 * j + 1] = __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
  for (int j = 0; j < 4; ++j) {
    const Eight low = __builtin_shufflevector(fours[j], fours[j + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    const Eight high = __builtin_shufflevector(fours[j], fours[j + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    std::memcpy(to + j * stride, &low, sizeof low);
    std::memcpy(to + (j + 4) * stride, &high, sizeof high);
  }
}

}  // namespace

void pack_panels(const RowSet& set, int64_t begin, int64_t count, int64_t width, float* out) {
  const int64_t row_stride =
      set.dim + 16;  // rows a multiple of 2048 bytes apart would share a few cache sets
  parallel_ranges((count + width - 1) / width, 1, [&](int64_t first, int64_t last) {
    std::vector<float> rows(static_cast<size_t>(width * row_stride));
    for (int64_t panel = first; panel < last; ++panel) {
      float* const to = out + panel * width * set.dim;
      for (int64_t lane = 0; lane < width; ++lane) {
        float* const row = rows.data() + lane * row_stride;
        const int64_t i = panel * width + lane;
        if (i < count) {
          set.read(begin + i, row);
        } else {
          std::fill_n(row, set.dim, 0.0f);
        }
      }
      const int64_t blocks = width % 8 == 0 ? set.dim / 8 * 8 : 0;
      for (int64_t k = 0; k < blocks; k += 8) {
        for (int64_t lane = 0; lane < width; lane += 8) {
          turn_block(rows.data() + lane * row_stride + k, row_stride, to + k * width + lane, width);
        }
      }
      for (int64_t k = blocks; k < set.dim; ++k) {
        for (int64_t lane = 0; lane < width; ++lane)
          to[k * width + lane] = rows[static_cast<size_t>(lane * row_stride + k)];
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
