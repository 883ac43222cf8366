#include "synth/protocols/photographs.h"

#include <algorithm>
#include <cassert>
#include <functional>
#include <limits>

#include "synth/protocols/writers.h"

namespace fr::synth {

namespace {

constexpr int64_t kItemsPerFlaw = 5000;

float raised(float base, int power) {
  float result = 1;
  for (int i = 0; i < power; ++i) result *= base;
  return result;
}

}  // namespace

float draw_likeness(const Spread& spread, float u) {
  return spread.high - (spread.high - spread.low) * raised(u, spread.power);
}

float draw_norm(float likeness, float u) { return (8 + 16 * likeness) * (0.85f + 0.3f * u); }

std::vector<int64_t> heap_sizes(int64_t groups, int64_t total, int64_t least, int power,
                                RandomStream stream) {
  assert(groups > 0 && total >= groups * least);
  std::vector<double> weights;
  double sum = 0;
  for (int64_t i = 0; i < groups; ++i) {
    weights.push_back(1 / static_cast<double>(raised(0.02f + stream.next_uniform(), power)));
    sum += weights.back();
  }
  std::vector<int64_t> sizes;
  const auto spare = static_cast<double>(total - groups * least);
  for (const double weight : weights) {
    sizes.push_back(least + static_cast<int64_t>(spare * (weight / sum)));
    total -= sizes.back();
  }
  std::sort(sizes.begin(), sizes.end(), std::greater<>());
  for (size_t i = 0; total > 0; i = (i + 1) % sizes.size(), --total) ++sizes[i];
  return sizes;
}

Flaws::Flaws(RandomStream stream, int64_t items, const MayBeTwins& may_be_twins) {
  assert(items >= 16);
  const auto below = [&](int64_t bound) {
    return static_cast<int64_t>(stream.next_below(static_cast<uint64_t>(bound)));
  };
  for (const Flaw flaw : {Flaw::kMissing, Flaw::kFailed, Flaw::kZero, Flaw::kTwin}) {
    for (int64_t left = 1 + items / kItemsPerFlaw; left > 0;) {
      const int64_t item = below(items), twin = (item + 1 + below(items - 1)) % items;
      if (flaw == Flaw::kTwin && may_be_twins && !may_be_twins(item, twin)) continue;
      left -= entries_.emplace(item, Entry{flaw, twin}).second;
    }
  }
}

Flaw Flaws::of(int64_t item) const {
  const auto it = entries_.find(item);
  return it == entries_.end() ? Flaw::kNone : it->second.flaw;
}

int64_t Flaws::twin(int64_t item) const {
  const auto it = entries_.find(item);
  return it == entries_.end() || it->second.flaw != Flaw::kTwin ? item : it->second.twin;
}

void flawed_row(const Sphere& sphere, const Photographs& photographs, const Flaws& flaws, int64_t i,
                bool mirrored, float* row) {
  const Flaw flaw = flaws.of(i);
  if (flaw == Flaw::kFailed || flaw == Flaw::kZero) {
    std::fill_n(row, kSphereDim, flaw == Flaw::kZero ? 0.f : std::numeric_limits<float>::quiet_NaN());
    return;
  }
  Face face = photographs.face(flaws.twin(i));
  face.mirrored = mirrored;
  sphere.row(face, row);
}

void write_photographs(const BenchmarkRequest& request, const Sphere& sphere, const Photographs& photographs,
                       const Flaws& flaws) {
  std::vector<int32_t> present;  // (rows): items
  for (int64_t i = 0; i < photographs.items; ++i) {
    if (flaws.of(i) != Flaw::kMissing) present.push_back(static_cast<int32_t>(i));
  }
  for (const bool mirrored : {false, true}) {
    if (mirrored && !request.flip) break;
    const std::string stem = mirrored ? "flipped" : "embeddings";
    write_npy_rows(request.folder / (stem + ".npy"), std::ssize(present), [&](int64_t row, float* values) {
      flawed_row(sphere, photographs, flaws, present[static_cast<size_t>(row)], mirrored, values);
    });
    TextFile names(request.folder / (stem + ".txt"));
    for (const int32_t item : present) names.add("{}\n", photographs.name(item));
    names.commit();
  }
}

}  // namespace fr::synth
