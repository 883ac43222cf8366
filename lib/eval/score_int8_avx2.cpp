// multiply_codes with AVX2: u8 x s8 pairs to 16 bits, pairs of those to 32.
#include <immintrin.h>

#include <cstring>

#include "eval/score_kernel.h"
#include "eval/score_screen.h"

namespace fr {

bool has_int8_kernel() { return __builtin_cpu_supports("avx2") != 0; }

// Three rows at a time: their sums, two columns' codes and what is on its way fit 16 registers.
__attribute__((target("avx2"))) void multiply_codes(int64_t quads, const uint8_t* a, const uint8_t* b,
                                                    int32_t* products, int64_t stride) {
  constexpr int64_t kRows = 3;
  const __m256i ones = _mm256_set1_epi16(1);
  for (int64_t first = 0; first < kProbePanel; first += kRows) {
    __m256i sum[kRows][2];
    for (auto& row : sum) row[0] = row[1] = _mm256_setzero_si256();
    for (int64_t k = 0; k < quads; ++k) {
      const auto* columns = reinterpret_cast<const __m256i*>(b + k * kGalleryPanel * 4);
      const __m256i b0 = _mm256_loadu_si256(columns), b1 = _mm256_loadu_si256(columns + 1);
#pragma GCC unroll 3
      for (int64_t r = 0; r < kRows; ++r) {
        int32_t four;
        std::memcpy(&four, a + (k * kProbePanel + first + r) * 4, sizeof four);
        const __m256i codes = _mm256_set1_epi32(four);
        sum[r][0] = _mm256_add_epi32(sum[r][0], _mm256_madd_epi16(_mm256_maddubs_epi16(codes, b0), ones));
        sum[r][1] = _mm256_add_epi32(sum[r][1], _mm256_madd_epi16(_mm256_maddubs_epi16(codes, b1), ones));
      }
    }
    for (int64_t r = 0; r < kRows; ++r) {
      auto* to = reinterpret_cast<__m256i*>(products + (first + r) * stride);
      _mm256_storeu_si256(to, sum[r][0]);
      _mm256_storeu_si256(to + 1, sum[r][1]);
    }
  }
}

}  // namespace fr
