#include "core/random.h"

#include <array>
#include <cassert>

#include "core/hash.h"
#include "core/philox.h"

namespace fr {

namespace {

// Blocks of kLanes counters from `first` on, side by side: the rounds of philox() in a form that the compiler
// turns into vector instructions, twice as fast. words (4 kLanes): block by block.
constexpr size_t kLanes = 16;
void draw_lanes(uint64_t key, uint64_t index, uint64_t first, uint32_t* words) {
  std::array<uint32_t, kLanes> c0, c1, c2, c3;
  for (size_t j = 0; j < kLanes; ++j) {
    c0[j] = static_cast<uint32_t>(first + j);
    c1[j] = static_cast<uint32_t>((first + j) >> 32);
    c2[j] = static_cast<uint32_t>(index);
    c3[j] = static_cast<uint32_t>(index >> 32);
  }
  auto k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round, k0 += PHILOX_W32_0, k1 += PHILOX_W32_1) {
#pragma omp simd
    for (size_t j = 0; j < kLanes; ++j) {
      const uint64_t a = uint64_t{PHILOX_M4x32_0} * c0[j], b = uint64_t{PHILOX_M4x32_1} * c2[j];
      c0[j] = static_cast<uint32_t>(b >> 32) ^ c1[j] ^ k0;
      c1[j] = static_cast<uint32_t>(b);
      c2[j] = static_cast<uint32_t>(a >> 32) ^ c3[j] ^ k1;
      c3[j] = static_cast<uint32_t>(a);
    }
  }
  for (size_t j = 0; j < kLanes; ++j) {
    words[4 * j] = c0[j];
    words[4 * j + 1] = c1[j];
    words[4 * j + 2] = c2[j];
    words[4 * j + 3] = c3[j];
  }
}

uint64_t join(uint32_t low, uint32_t high) { return (static_cast<uint64_t>(high) << 32) | low; }

}  // namespace

RandomStream::RandomStream(uint64_t seed, std::string_view name, uint64_t index)
    : key_(hash64(name) ^ (seed * 0x9E3779B97F4A7C15ull)), index_(index) {}

uint32_t RandomStream::bits(uint64_t counter) const { return philox(key_, index_, counter)[0]; }

float RandomStream::uniform(uint64_t counter) const { return philox_uniform(key_, index_, counter); }

double RandomStream::uniform64(uint64_t counter) const {
  const auto r = philox(key_, index_, counter);
  return static_cast<double>(join(r[0], r[1]) >> 11) * 0x1p-53;
}

float RandomStream::normal(uint64_t counter) const { return philox_normal(key_, index_, counter); }

uint64_t RandomStream::below(uint64_t counter, uint64_t bound) const {
  const auto r = philox(key_, index_, counter);
  // 64-bit multiply-shift: the bias is below bound / 2^64.
  return static_cast<uint64_t>((static_cast<unsigned __int128>(join(r[0], r[1])) * bound) >> 64);
}

void RandomStream::fill(uint64_t first, std::span<uint32_t> words) const {
  assert(words.size() % 4 == 0);
  size_t i = 0;
  for (; i + 4 * kLanes <= words.size(); i += 4 * kLanes) draw_lanes(key_, index_, first + i / 4, &words[i]);
  for (; i < words.size(); i += 4) {
    const auto r = philox(key_, index_, first + i / 4);
    for (size_t j = 0; j < 4; ++j) words[i + j] = r[j];
  }
}

}  // namespace fr
