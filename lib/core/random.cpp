#include "core/random.h"

#include <Random123/philox.h>

#include <cmath>
#include <numbers>

#include "core/hash.h"

namespace fr {

namespace {

r123::Philox4x32::ctr_type draw(uint64_t key, uint64_t index, uint64_t counter) {
  const r123::Philox4x32::ctr_type c{{static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32),
                                      static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32)}};
  const r123::Philox4x32::key_type k{{static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)}};
  return r123::Philox4x32{}(c, k);
}

uint64_t join(uint32_t low, uint32_t high) { return (static_cast<uint64_t>(high) << 32) | low; }

}  // namespace

RandomStream::RandomStream(uint64_t seed, std::string_view name, uint64_t index)
    : key_(hash64(name) ^ (seed * 0x9E3779B97F4A7C15ull)), index_(index) {}

uint32_t RandomStream::bits(uint64_t counter) const { return draw(key_, index_, counter)[0]; }

float RandomStream::uniform(uint64_t counter) const {
  return static_cast<float>(bits(counter) >> 8) * 0x1p-24f;
}

double RandomStream::uniform64(uint64_t counter) const {
  const auto r = draw(key_, index_, counter);
  return static_cast<double>(join(r[0], r[1]) >> 11) * 0x1p-53;
}

float RandomStream::normal(uint64_t counter) const {
  const auto r = draw(key_, index_, counter);
  const double u = (static_cast<double>(r[0]) + 0.5) * 0x1p-32;  // in (0, 1): the logarithm is finite
  const double v = static_cast<double>(r[1]) * 0x1p-32;
  return static_cast<float>(std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v));
}

uint64_t RandomStream::below(uint64_t counter, uint64_t bound) const {
  const auto r = draw(key_, index_, counter);
  // 64-bit multiply-shift: the bias is below bound / 2^64.
  return static_cast<uint64_t>((static_cast<unsigned __int128>(join(r[0], r[1])) * bound) >> 64);
}

}  // namespace fr
