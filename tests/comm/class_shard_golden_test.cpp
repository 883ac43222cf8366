// partial_fc.json `shards`: the class shard of every rank of every (C, W).
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "comm/comm.h"
#include "core/json.h"
#include "support/support.h"

using namespace fr;

TEST_CASE("golden: class shards") {
  const auto folder = test::golden();
  if (folder.empty()) return;
  const Json shards = read_json(folder / "partial_fc.json").at("shards");
  REQUIRE(!shards.empty());
  for (const Json& c : shards) {
    const int64_t classes = c.at("C");
    const int size = c.at("W");
    REQUIRE(c.at("num_local").size() == static_cast<size_t>(size));
    for (int rank = 0; rank < size; ++rank) {
      INFO("C ", classes, ", W ", size, ", rank ", rank);
      const ClassShard shard = class_shard(classes, rank, size);
      CHECK(shard.count() == c.at("num_local")[static_cast<size_t>(rank)].get<int64_t>());
      CHECK(shard.begin == c.at("class_start")[static_cast<size_t>(rank)].get<int64_t>());
    }
  }
}
