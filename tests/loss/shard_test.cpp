// The head with its classes spread over ranks (threads here) gives what one process gives.
#include <doctest/doctest.h>

#include <algorithm>

#include "loss/shard_support.h"

using namespace fr;
using namespace fr::test;

TEST_CASE("every loss: classes spread over ranks give the result of one process") {
  const OneThread one_thread;
  const auto backend = make_backend("ref");
  const LossInputs in = random_inputs(13, 8, 11);
  for (const std::string& name : Registry<LossKind>::instance().names()) {
    LossOptions options;
    options.name = name;
    options.tile = 2;
    const LossRun alone = run_loss(options, *backend, in);
    for (const int size : {2, 3, 13}) {  // 13: the last two ranks own no class
      INFO(name, " on ", size, " ranks");
      const ShardedRun sharded = run_sharded(options, in, size);
      for (const LossRun& run : sharded.ranks) {
        CHECK(run.loss == sharded.ranks[0].loss);
        CHECK(run.dx == sharded.ranks[0].dx);
      }
      CHECK(sharded.ranks[0].loss == doctest::Approx(alone.loss).epsilon(1e-6));
      CHECK(relative_error(sharded.ranks[0].dx, alone.dx) <= 1e-5);
      CHECK(relative_error(sharded.ranks[0].target_logits, alone.target_logits) <= 1e-6);
      CHECK(relative_error(sharded.dw, alone.dw) <= 1e-5);
      CHECK(relative_error(sharded.db, alone.db) <= 1e-5);
    }
  }
}

TEST_CASE("initial weights of a class do not depend on the number of ranks") {
  LossOptions options;
  options.classes = 11;
  options.embedding_size = 4;
  const auto backend = make_backend("ref");
  const auto whole = make_loss(options, *backend);
  whole->initialise(9);
  const auto expected = whole->parameters().values(whole->parameters().slice("weight"));
  ThreadGroup(3).run([&](Comm& comm) {
    LossOptions mine = options;
    mine.comm = &comm;
    const auto own = make_backend("ref");
    const auto loss = make_loss(mine, *own);
    loss->initialise(9);
    const ClassShard shard = class_shard(options.classes, comm.rank(), comm.size());
    const auto values = loss->parameters().values(loss->parameters().slice("weight"));
    const auto same =
        expected.subspan(static_cast<size_t>(shard.begin * options.embedding_size), values.size());
    CHECK(std::ranges::equal(values, same));
  });
}
