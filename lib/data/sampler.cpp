#include <numeric>

#include "core/random.h"
#include "data/loader.h"

namespace fr {

namespace {

class ShufflingSampler final : public Sampler {
 public:
  ShufflingSampler(int64_t size, uint64_t seed) : size_(size), seed_(seed) {}

  std::vector<int64_t> epoch(int64_t epoch) const override {
    std::vector<int64_t> order(static_cast<size_t>(size_));
    std::iota(order.begin(), order.end(), int64_t{0});
    shuffle(order, RandomStream(seed_, "sampler", static_cast<uint64_t>(epoch)));
    return order;
  }

 private:
  int64_t size_;
  uint64_t seed_;
};

}  // namespace

std::unique_ptr<Sampler> make_shuffling_sampler(int64_t size, uint64_t seed) {
  return std::make_unique<ShufflingSampler>(size, seed);
}

}  // namespace fr
