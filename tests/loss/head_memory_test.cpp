// The head's memory plan: by hand, against the bound that ten million classes must keep, and its error.
#include "loss/head_memory.h"

#include <doctest/doctest.h>

#include "core/error.h"

using namespace fr;

namespace {

constexpr int64_t kGb = 1'000'000'000;

HeadSizes ten_million() {
  return {.classes = 10'000'000, .d = 512, .rows = 512, .tile = 16384, .bf16 = true, .parts = 16};
}

}  // namespace

TEST_CASE("ten million classes: at most 10 bytes a value and 2 GB") {
  const int64_t bound = 10'000'000 * int64_t{512} * 10 + 2 * kGb;
  const HeadMemory plan = head_memory(ten_million());
  CHECK(plan.weights == 10'000'000 * int64_t{512} * 4);
  CHECK(plan.momentum == plan.weights);
  CHECK(plan.gradients == 0);
  CHECK(plan.total() <= bound);
  CHECK(plan.total() - plan.weights - plan.momentum <= 2 * kGb);
  HeadSizes sizes = ten_million();
  sizes.rows = 4096;
  CHECK(head_memory(sizes).total() <= bound);
  sizes.sampled = 1'000'000;
  CHECK(head_memory(sizes).total() <= bound);
  sizes.bf16 = false;
  CHECK(head_memory(sizes).total() <= bound);
  CHECK(head_memory(ten_million()).total() <= 141 * kGb);
}

TEST_CASE("no part grows with rows x classes") {
  HeadSizes sizes = ten_million();
  const int64_t once = head_memory(sizes).total();
  sizes.rows *= 2;
  const int64_t twice = head_memory(sizes).total();
  sizes.classes *= 2;
  const HeadMemory plan = head_memory(sizes);
  CHECK(twice - once == head_memory(ten_million()).rows + 512 * int64_t{16384} * 6);
  CHECK(plan.rows == 2 * head_memory(ten_million()).rows);
}

TEST_CASE("the parts of a small head") {
  const HeadMemory f32 =
      head_memory({.classes = 100, .d = 8, .rows = 4, .tile = 10, .bias = true, .sgd = false});
  CHECK(f32.weights == 100 * 9 * 4);
  CHECK(f32.momentum == 0);
  CHECK(f32.gradients == f32.weights);
  CHECK(f32.classes == 100 * 4);
  CHECK(f32.tile == 4 * 10 * 4 + 10 * 2 * 4 + 10 * 8 * 4);
  const HeadMemory small = head_memory({.classes = 3, .d = 8, .rows = 4, .tile = 10, .bf16 = true});
  CHECK(small.classes == 3 * 12);
  CHECK(small.tile == 4 * 3 * 6 + 3 * 2 * 4 + 3 * 8 * 6);
}

TEST_CASE("too little memory is told in one line") {
  check_head_memory("arcface", ten_million(), 60 * kGb);
  CHECK_THROWS_WITH_AS(check_head_memory("arcface", ten_million(), 30 * kGb),
                       doctest::Contains("loss arcface: 10000000 classes of 512 values need 41"), Error);
  CHECK_THROWS_WITH_AS(check_head_memory("arcface", ten_million(), 30 * kGb),
                       doctest::Contains("30000 MB are free"), Error);
}
