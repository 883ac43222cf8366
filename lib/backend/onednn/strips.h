// Vectorised walks over activations in any of our layouts, for operations with one parameter set per channel.
// A strip is a run of equal steps through memory whose lanes are either 16 (8, 1) channels of one position or
// 16 positions of one channel; one body, a template on the walk, serves all of them. What a strip covers
// depends on the shape alone, so sums taken strip by strip do not depend on the thread count.
#pragma once
#include <algorithm>
#include <cstring>

#include "core/parallel.h"
#include "core/tensor.h"

// Vectors never cross a call that is not inlined, so the calling conventions g++ warns about do not matter.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace fr::onednn {

struct Strip {
  int64_t offset = 0;   // of the first element
  int64_t steps = 0;    // vectors in the strip
  int64_t stride = 0;   // elements from one vector to the next
  int64_t channel = 0;  // of the (first) lane
  int64_t row = 0;      // which of `sum_rows` the strip adds its sums to
};

template <int kLanes>
struct Vectors;
template <>
struct Vectors<8> {
  typedef float Floats __attribute__((vector_size(32)));
  typedef double Doubles __attribute__((vector_size(64)));
};
template <>
struct Vectors<16> {
  typedef float Floats __attribute__((vector_size(64)));
  typedef double Doubles __attribute__((vector_size(128)));
};

// kLanes values at a time; kChannels: the lanes are channels, otherwise positions of one channel.
template <int kLanes, bool kChannels>
struct Walk {
  using Floats = typename Vectors<kLanes>::Floats;
  using Doubles = typename Vectors<kLanes>::Doubles;

  static Floats load(const float* from) {
    Floats v;
    std::memcpy(&v, from, sizeof v);
    return v;
  }
  static void store(float* to, const Floats& v) { std::memcpy(to, &v, sizeof v); }
  static Floats splat(float value) { return value - Floats{}; }
  static Doubles widen(const Floats& v) { return __builtin_convertvector(v, Doubles); }
  // The values of a per-channel array (c) that go with the lanes.
  static Floats parameter(const float* values, int64_t channel) {
    if constexpr (kChannels) return load(values + channel);
    return splat(values[channel]);
  }
  // sums[channel] += the lanes, in a fixed order.
  static void add_to(double* sums, int64_t channel, const Doubles& lanes) {
    for (int i = 0; i < kLanes; ++i) sums[channel + (kChannels ? i : 0)] += lanes[i];
  }
};

// One value at a time: what the wide walks leave over.
template <>
struct Walk<1, true> {
  using Floats = float;
  using Doubles = double;
  static float load(const float* from) { return *from; }
  static void store(float* to, float v) { *to = v; }
  static double widen(float v) { return v; }
  static float parameter(const float* values, int64_t channel) { return values[channel]; }
  static void add_to(double* sums, int64_t channel, double lane) { sums[channel] += lane; }
};

// An activation as (images, channels, positions) in channel blocks; planes of one value are rows of channels.
struct Extent {
  explicit Extent(const View& v)
      : images(v.shape.n), channels(v.shape.c), positions(v.shape.plane()), block(v.layout.block) {
    if (positions != 1) return;
    std::swap(images, positions);
    block = channels;
  }
  int64_t images, channels, positions, block;
};

inline int64_t sum_rows(const View& v) { return Extent(v).images; }

// body(walk, strip) for every strip of the view; strips that share a row and a channel run in one thread.
template <class Body>
void for_strips(const View& v, const Body& body) {
  constexpr int64_t kWidth = 16, kLeast = 1 << 13;
  const Extent e(v);
  const int64_t chunks = e.block == 1 ? e.channels : e.channels / e.block * ((e.block + kWidth - 1) / kWidth);
#pragma omp parallel for schedule(static) if (v.count() > kLeast)
  for (int64_t task = 0; task < e.images * chunks; ++task) {
    const int64_t image = task / chunks, chunk = task % chunks;
    if (e.block == 1) {
      Strip strip{task * e.positions, e.positions / kWidth, kWidth, chunk, image};
      body(Walk<kWidth, false>(), strip);
      strip.offset += strip.steps * kWidth;
      strip.steps = e.positions % kWidth;
      strip.stride = 1;
      body(Walk<1, true>(), strip);
      continue;
    }
    const int64_t per_block = (e.block + kWidth - 1) / kWidth;
    const int64_t inside = chunk % per_block * kWidth, channel = chunk / per_block * e.block + inside;
    int64_t lanes = std::min(kWidth, e.block - inside);
    Strip strip{(image * e.channels + chunk / per_block * e.block) * e.positions + inside, e.positions,
                e.block, channel, image};
    if (lanes == 16) {
      body(Walk<16, true>(), strip);
      continue;
    }
    if (lanes >= 8) {
      body(Walk<8, true>(), strip);
      strip.offset += 8;
      strip.channel += 8;
      lanes -= 8;
    }
    for (; lanes > 0; --lanes, ++strip.offset, ++strip.channel) body(Walk<1, true>(), strip);
  }
}

// sums[c] = the rows (rows, channels) added in order, for each channel.
inline void add_rows(const double* rows, int64_t count, int64_t channels, double* sums) {
  std::fill(sums, sums + channels, 0.0);
  for (int64_t r = 0; r < count; ++r)
    for (int64_t c = 0; c < channels; ++c) sums[c] += rows[r * channels + c];
}

}  // namespace fr::onednn
