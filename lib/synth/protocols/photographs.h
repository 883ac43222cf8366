// The photographs of a synthetic benchmark: whose, how good, and which of them went wrong. What network files
// really hold is in them: rows that are missing, not finite, zero, or equal to another's.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/random.h"
#include "synth/protocols/benchmark.h"
#include "synth/sphere.h"

namespace fr::synth {

// How alike the photographs of one person are: likeness = high - (high - low) u^power with u uniform, so that
// most are good and a tail is not.
struct Spread {
  float low = 0.4f, high = 0.9f;
  int power = 2;
};
float draw_likeness(const Spread& spread, float u);

// The norm of a raw embedding: networks give poor photographs shorter ones. u uniform.
float draw_norm(float likeness, float u);

// `total` things in `groups` heaps of at least `least`, by weights (0.02 + u)^-power of a uniform u: power 2
// has many small heaps and a few hundredfold ones, 0 equal heaps. Largest first.
std::vector<int64_t> heap_sizes(int64_t groups, int64_t total, int64_t least, int power, RandomStream stream);

enum class Flaw { kNone, kMissing, kFailed, kZero, kTwin };

// A few items of `items` go wrong, each kind alike often (one in 5,000, and at least one): the row is
// missing; all NaN; zero; or equal to that of another item.
class Flaws {
 public:
  // May these two items have one row? (A distractor that is a probe's twin would decide every small rate.)
  using MayBeTwins = std::function<bool(int64_t a, int64_t b)>;
  Flaws(RandomStream stream, int64_t items, const MayBeTwins& may_be_twins = {});
  // One more, where the benchmark needs it at a certain place; `twin` is the other item of a kTwin.
  void set(int64_t item, Flaw flaw, int64_t twin = -1) { entries_[item] = {flaw, twin}; }
  Flaw of(int64_t item) const;
  int64_t twin(int64_t item) const;  // whose row a kTwin has; else the item itself

 private:
  struct Entry {
    Flaw flaw;
    int64_t twin;
  };
  std::unordered_map<int64_t, Entry> entries_;
};

// What is written of `items` photographs: face(i) and name(i) of item i.
struct Photographs {
  int64_t items = 0;
  std::function<Face(int64_t i)> face;         // any thread
  std::function<std::string(int64_t i)> name;  // as the official list has it
};

// embeddings.npy with the names in embeddings.txt, and, with request.flip, flipped.npy and .txt. Missing
// items are left out.
void write_photographs(const BenchmarkRequest& request, const Sphere& sphere, const Photographs& photographs,
                       const Flaws& flaws);

// Row of item i with its flaw; kMissing is the caller's, and none in a file without names.
void flawed_row(const Sphere& sphere, const Photographs& photographs, const Flaws& flaws, int64_t i,
                bool mirrored, float* row /*(kSphereDim)*/);

}  // namespace fr::synth
