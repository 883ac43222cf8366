// screen_codes with AVX2: u8 x s8 products to sums of 16 bits, pairs of those to 32.
#include <immintrin.h>

#include <algorithm>

#include "eval/score_kernel.h"
#include "eval/score_screen.h"

namespace fr {

namespace {

struct Quad {
  uint8_t codes[4];
};

}  // namespace

bool has_int8_kernel() { return __builtin_cpu_supports("avx2") != 0; }

// The sums of six rows with two vectors of columns, in 16 bits, and what is on its way fit 16 registers, in
// the order written out: compilers look further ahead, and spill. All multiplications but one a run make the
// 32 products of a step.
__attribute__((target("avx2"))) bool screen_codes(int64_t quads, const CodedBlock& block,
                                                  CodedProducts& out) {
  constexpr int64_t kVector = 8, kVectors = kGalleryPanel / kVector;  // of columns of 4 codes
  const __m256i ones = _mm256_set1_epi16(1);
  const auto vector = [](const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); };
  const auto products = [&](int64_t r, int64_t v) {
    return reinterpret_cast<__m256i*>(out.products[r] + v * kVector);
  };
  const uint8_t *a = block.a, *b = block.b;
  const auto next_codes = [&](__m256i(&codes)[kVectors]) {
#pragma GCC unroll 2
    for (__m256i& vectors : codes) {
      vectors = vector(b);
      b += sizeof vectors;
    }
  };
  for (int64_t done = 0; done < quads; done += kQuadRun) {
    __m256i start[kVectors], narrow[kProbePanel][kVectors];
    next_codes(start);
#pragma GCC unroll 6
    for (auto& row : narrow) {
      row[0] = start[0];
      row[1] = start[1];
    }
    int64_t left = std::min(kQuadRun, quads - done);
    do {
      __m256i codes[kVectors];
      next_codes(codes);
#pragma GCC unroll 6
      for (int64_t r = 0; r < kProbePanel; ++r) {
        __m256i probe, product;
        asm volatile(
            "vpbroadcastd %[four], %[probe]\n\t"
            "vpmaddubsw %[codes0], %[probe], %[product]\n\t"
            "vpmaddubsw %[codes1], %[probe], %[probe]\n\t"
            "vpaddw %[product], %[narrow0], %[narrow0]\n\t"
            "vpaddw %[probe], %[narrow1], %[narrow1]"
            : [narrow0] "+x"(narrow[r][0]), [narrow1] "+x"(narrow[r][1]), [probe] "=&x"(probe),
              [product] "=&x"(product)
            : [four] "m"(*reinterpret_cast<const Quad*>(a + r * sizeof(Quad))), [codes0] "x"(codes[0]),
              [codes1] "x"(codes[1]));
      }
      a += kProbePanel * sizeof(Quad);
    } while (--left > 0);
#pragma GCC unroll 6
    for (int64_t r = 0; r < kProbePanel; ++r) {
#pragma GCC unroll 2
      for (int64_t v = 0; v < kVectors; ++v) {
        const __m256i wide = _mm256_madd_epi16(narrow[r][v], ones);
        const __m256i before = done == 0 ? _mm256_setzero_si256() : vector(products(r, v));
        _mm256_storeu_si256(products(r, v), _mm256_add_epi32(before, wide));
      }
    }
  }
  uint32_t any = 0;
  for (int64_t r = 0; r < kProbePanel; ++r) {
    const __m256 least = _mm256_broadcast_ss(block.least + r);
    out.reaching[r] = 0;
    for (int64_t v = 0; v < kVectors; ++v) {
      const __m256 step = _mm256_loadu_ps(block.step + v * kVector);
      const __m256 estimate = _mm256_mul_ps(_mm256_cvtepi32_ps(vector(products(r, v))), step);
      const auto bits =
          static_cast<uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(estimate, least, _CMP_NLT_UQ)));
      out.reaching[r] |= bits << (v * kVector);
    }
    any |= out.reaching[r];
  }
  return any != 0;
}

}  // namespace fr
