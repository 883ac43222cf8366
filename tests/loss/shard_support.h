// One loss on several ranks (threads), each with its shard of the classes.
#pragma once
#include <memory>
#include <vector>

#include "loss/support.h"
#include "loss/thread_group.h"

namespace fr::test {

// Every rank's result, and the gradients of all shards stacked.
struct ShardedRun {
  std::vector<LossRun> ranks;
  std::vector<float> dw, db;
};

inline ShardedRun run_sharded(const LossOptions& options, const LossInputs& in, int size) {
  ShardedRun result;
  result.ranks.resize(static_cast<size_t>(size));
  ThreadGroup(size).run([&](Comm& comm) {
    const auto backend = make_backend("ref");
    const ClassShard shard = class_shard(in.classes, comm.rank(), comm.size());
    LossOptions mine = options;
    mine.comm = &comm;
    LossInputs local = in;
    local.w.assign(in.w.begin() + shard.begin * in.d, in.w.begin() + shard.end * in.d);
    local.b.assign(in.b.begin() + shard.begin, in.b.begin() + shard.end);
    result.ranks[static_cast<size_t>(comm.rank())] = run_loss(mine, *backend, local);
  });
  for (const LossRun& run : result.ranks) {
    result.dw.insert(result.dw.end(), run.dw.begin(), run.dw.end());
    result.db.insert(result.db.end(), run.db.begin(), run.db.end());
  }
  return result;
}

}  // namespace fr::test
