// screen_codes with AVX2: u8 x s8 pairs to 16 bits, pairs of those to 32.
#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "eval/score_kernel.h"
#include "eval/score_screen.h"

namespace fr {

bool has_int8_kernel() { return __builtin_cpu_supports("avx2") != 0; }

// One vector of columns at a time: its codes, six rows' sums and what is on its way fit 16 registers, if the
// compiler keeps the rows apart. Of five multiplications four are the 32 products of a step, one widens their
// sums.
__attribute__((target("avx2"))) bool screen_codes(int64_t quads, const CodedBlock& block,
                                                  CodedProducts& out) {
  constexpr int64_t kVector = 8;  // columns of 4 codes
  const __m256i ones = _mm256_set1_epi16(1);
  const auto vector = [](const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); };
  std::fill_n(out.reaching, kProbePanel, 0);
  uint32_t any = 0;
  for (int64_t column = 0; column < kGalleryPanel; column += kVector) {
    __m256i sum[kProbePanel];
    for (__m256i& row : sum) row = vector(block.start + column);
    for (int64_t k = 0; k < quads; k += kQuadRun) {
      __m256i codes[kQuadRun];
#pragma GCC unroll 4
      for (int64_t q = 0; q < kQuadRun; ++q) {
        codes[q] = vector(block.b + ((k + q) * kGalleryPanel + column) * 4);
        asm("" : "+x"(codes[q]));  // loaded once, not by each multiplication
      }
#pragma GCC unroll 6
      for (int64_t r = 0; r < kProbePanel; ++r) {
        __m256i narrow = _mm256_setzero_si256();
#pragma GCC unroll 4
        for (int64_t q = 0; q < kQuadRun; ++q) {
          int32_t four;
          std::memcpy(&four, block.a + ((k + q) * kProbePanel + r) * 4, sizeof four);
          narrow = _mm256_add_epi16(narrow, _mm256_maddubs_epi16(_mm256_set1_epi32(four), codes[q]));
        }
        sum[r] = _mm256_add_epi32(sum[r], _mm256_madd_epi16(narrow, ones));
        asm volatile("" : "+x"(sum[r]));  // one row after the other
      }
    }
    const float* least = block.least;
    asm volatile("" : "+r"(least));  // not into registers before the loop
    const __m256 step = _mm256_loadu_ps(block.step + column);
    for (int64_t r = 0; r < kProbePanel; ++r) {
      const __m256 estimate = _mm256_mul_ps(_mm256_cvtepi32_ps(sum[r]), step);
      const __m256 reaches = _mm256_cmp_ps(estimate, _mm256_broadcast_ss(least + r), _CMP_NLT_UQ);
      const auto bits = static_cast<uint32_t>(_mm256_movemask_ps(reaches)) << column;
      out.reaching[r] |= bits;
      any |= bits;
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out.products[r] + column), sum[r]);
    }
  }
  return any != 0;
}

}  // namespace fr
