// Counter-based random numbers (Philox 4x32-10): value i of a named stream is a pure function of (seed, name,
// i), so nothing depends on threads, batches or the order of calls, and CPU and GPU agree.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace fr {

class RandomStream {
 public:
  RandomStream(uint64_t seed, std::string_view name, uint64_t index = 0);

  // Pure functions of the counter.
  uint32_t bits(uint64_t counter) const;
  float uniform(uint64_t counter) const;                   // [0, 1), 24 bits
  double uniform64(uint64_t counter) const;                // [0, 1), 53 bits
  float normal(uint64_t counter) const;                    // mean 0, deviation 1 (Box-Muller)
  uint64_t below(uint64_t counter, uint64_t bound) const;  // [0, bound), bound > 0
  uint64_t key() const { return key_; }                    // with index: what core/philox.h asks for
  // words[4i … 4i+3]: all 128 bits at counter first + i. For many numbers fast; the size is a multiple of 4.
  void fill(uint64_t first, std::span<uint32_t> words) const;

  // The same, walking an internal counter from 0.
  uint32_t next_bits() { return bits(counter_++); }
  float next_uniform() { return uniform(counter_++); }
  float next_uniform(float low, float high) { return low + (high - low) * next_uniform(); }
  float next_normal() { return normal(counter_++); }
  uint64_t next_below(uint64_t bound) { return below(counter_++, bound); }

 private:
  uint64_t key_;
  uint64_t index_;
  uint64_t counter_ = 0;
};

// Fisher-Yates with the stream's next_below; `values` is any random-access range.
template <class Range>
void shuffle(Range& values, RandomStream stream) {
  using std::swap;
  for (uint64_t i = values.size(); i > 1; --i) swap(values[i - 1], values[stream.next_below(i)]);
}

}  // namespace fr
