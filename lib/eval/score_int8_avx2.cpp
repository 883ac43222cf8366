// multiply_codes with AVX2: u8 x s8 pairs to 16 bits, pairs of those to 32.
#include <immintrin.h>

#include <cstring>

#include "eval/score_kernel.h"
#include "eval/score_screen.h"

namespace fr {

bool has_int8_kernel() { return __builtin_cpu_supports("avx2") != 0; }

// One vector of columns at a time: its codes, six rows' sums and what is on its way fit 16 registers. Of five
// multiplications four are the 32 products of a step, one widens their sums.
__attribute__((target("avx2"))) void multiply_codes(int64_t quads, const uint8_t* a, const uint8_t* b,
                                                    int32_t* products, int64_t stride) {
  constexpr int64_t kVector = 8;  // columns of 4 codes
  const __m256i ones = _mm256_set1_epi16(1);
  for (int64_t column = 0; column < kGalleryPanel; column += kVector) {
    __m256i sum[kProbePanel];
    for (__m256i& row : sum) row = _mm256_setzero_si256();
    for (int64_t k = 0; k < quads; k += kQuadRun) {
      __m256i codes[kQuadRun];
#pragma GCC unroll 4
      for (int64_t q = 0; q < kQuadRun; ++q) {
        codes[q] =
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + ((k + q) * kGalleryPanel + column) * 4));
      }
#pragma GCC unroll 6
      for (int64_t r = 0; r < kProbePanel; ++r) {
        __m256i narrow = _mm256_setzero_si256();
#pragma GCC unroll 4
        for (int64_t q = 0; q < kQuadRun; ++q) {
          int32_t four;
          std::memcpy(&four, a + ((k + q) * kProbePanel + r) * 4, sizeof four);
          narrow = _mm256_add_epi16(narrow, _mm256_maddubs_epi16(_mm256_set1_epi32(four), codes[q]));
        }
        sum[r] = _mm256_add_epi32(sum[r], _mm256_madd_epi16(narrow, ones));
      }
    }
    for (int64_t r = 0; r < kProbePanel; ++r) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(products + r * stride + column), sum[r]);
    }
  }
}

}  // namespace fr
