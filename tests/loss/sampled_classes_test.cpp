// Which classes are sampled, against a sort (spec 1.6).
#include "loss/sampled_classes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "core/random.h"
#include "loss/support.h"

using namespace fr;
using namespace fr::test;

namespace {

struct Sample {
  std::vector<int32_t> index, columns;  // ascending; (n)
};

// The definition: the batch's classes first, then the largest draws, the lower class where two are equal.
Sample oracle(std::span<const uint32_t> draws, std::span<const int32_t> labels, int64_t wanted) {
  std::set<int32_t> chosen;
  for (const int32_t label : labels)
    if (label >= 0) chosen.insert(label);
  std::vector<int32_t> order;
  for (int32_t c = 0; c < static_cast<int32_t>(draws.size()); ++c) order.push_back(c);
  std::ranges::stable_sort(order, [&](int32_t a, int32_t b) {
    return draws[static_cast<size_t>(a)] > draws[static_cast<size_t>(b)];
  });
  for (size_t i = 0; i < order.size() && std::ssize(chosen) < wanted; ++i) chosen.insert(order[i]);
  Sample sample{.index = {chosen.begin(), chosen.end()}, .columns = {}};
  for (const int32_t label : labels) {
    const auto at = std::ranges::find(sample.index, label) - sample.index.begin();
    sample.columns.push_back(label < 0 ? -1 : static_cast<int32_t>(at));
  }
  return sample;
}

void check_select(SampledClasses& sampled, int64_t classes, int64_t wanted, std::span<const int32_t> labels) {
  const auto n = std::ssize(labels);
  sampled.resize(n);
  std::vector<int32_t> columns(static_cast<size_t>(n));
  sampled.select(n, labels.data(), columns.data());
  const Sample expected = oracle(std::span(sampled.draws(), static_cast<size_t>(classes)), labels, wanted);
  const auto used = sampled.used() == nullptr ? sampled.columns() : *sampled.used();
  REQUIRE(used == std::ssize(expected.index));
  CHECK(std::ranges::equal(std::span(sampled.index(), static_cast<size_t>(used)), expected.index));
  for (int64_t i = used; i < sampled.columns(); ++i) CHECK(sampled.index()[i] == -1);
  CHECK(columns == expected.columns);
  int64_t in = 0;
  for (int64_t c = 0; c < classes; ++c) in += sampled.column_of()[c] >= 0 ? 1 : 0;
  CHECK(in == used);
}

}  // namespace

TEST_CASE("the sample is that of a sort, for any number of classes, rate and batch") {
  RandomStream stream(1, "sampled classes");
  for (const int64_t classes : {1, 5, 2047, 2048, 2049, 9000})
    for (const double rate : {0.0, 0.003, 0.1, 0.5, 0.999}) {
      INFO(classes, " classes, rate ", rate);
      const auto wanted = static_cast<int64_t>(rate * static_cast<double>(classes));
      SampledClasses sampled(Device::kCpu, 0, classes, wanted, 7);
      std::vector<int32_t> labels(12);
      for (int32_t& label : labels)
        label = static_cast<int32_t>(stream.next_below(static_cast<uint64_t>(classes) + 1)) - 1;
      sampled.draw();
      check_select(sampled, classes, wanted, labels);
    }
}

TEST_CASE("equal draws: the lower classes") {
  const std::vector<int32_t> labels = {4990, -1, 17};
  for (const uint32_t modulus : {1U, 2U, 3U, 300U})
    for (const int64_t wanted : {2, 3, 100, 2600, 4999}) {
      INFO("modulus ", modulus, " wanted ", wanted);
      SampledClasses sampled(Device::kCpu, 0, 5000, wanted, 7);
      sampled.draw();
      for (int64_t c = 0; c < 5000; ++c) sampled.draws()[c] = sampled.draws()[c] % modulus * 0x01010101U;
      check_select(sampled, 5000, wanted, labels);
    }
}

TEST_CASE("draws are those of the stream, and other ones at every step") {
  SampledClasses shard(Device::kCpu, 30, 10, 4, 7);
  shard.set_step(5);
  shard.draw();
  const RandomStream stream(7, "head.sample", 5);
  for (int64_t c = 0; c < 10; ++c) CHECK(shard.draws()[c] == stream.bits(static_cast<uint64_t>(30 + c)));
  const std::vector<uint32_t> before(shard.draws(), shard.draws() + 10);
  shard.set_step(6);
  shard.draw();
  CHECK_FALSE(std::ranges::equal(before, std::span(shard.draws(), 10)));
}
