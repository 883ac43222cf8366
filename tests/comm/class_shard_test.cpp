// The class shard rule (spec 1.6) on spec 11 no. 13 and on its defining properties; the group of one.
#include <doctest/doctest.h>

#include <vector>

#include "comm/comm.h"
#include "core/error.h"

using namespace fr;

TEST_CASE("ten classes on four ranks: 3, 3, 2, 2 from 0, 3, 6, 8") {
  const std::vector<ClassShard> expected = {{0, 3}, {3, 6}, {6, 8}, {8, 10}};
  for (int rank = 0; rank < 4; ++rank) CHECK(class_shard(10, rank, 4) == expected[static_cast<size_t>(rank)]);
}

TEST_CASE("shards cover every class once and differ by at most one") {
  for (const int64_t classes : {1, 7, 8, 10575, 85742, 2059906})
    for (const int size : {1, 2, 3, 8, 64}) {
      int64_t next = 0;
      for (int rank = 0; rank < size; ++rank) {
        const ClassShard shard = class_shard(classes, rank, size);
        CHECK(shard.begin == next);
        CHECK(shard.count() >= classes / size);
        CHECK(shard.count() <= classes / size + 1);
        next = shard.end;
      }
      CHECK(next == classes);
    }
}

TEST_CASE("a rank outside the group is an error") {
  CHECK_THROWS_WITH_AS(class_shard(10, 4, 4), "rank 4 of 4 does not exist", Error);
}

TEST_CASE("alone is a group of one whose reductions change nothing") {
  std::vector<float> values = {1, -2};
  alone().all_reduce_max(values);
  alone().all_reduce_sum(values);
  CHECK(values == std::vector<float>{1, -2});
  CHECK(alone().rank() == 0);
  CHECK(alone().size() == 1);
}
