// How far a stream of scores has come, on disk: a run of half an hour that was stopped goes on where it was.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "eval/score_stream.h"

namespace fr {

class StreamProgress {
 public:
  // `shape` names everything the partition into blocks depends on.
  StreamProgress(const StreamOptions& options, const std::string& shape, std::vector<Resumable*> sinks);
  // Blocks done by an earlier run, whose state the sinks now have; 0 without one. Throws fr::Error "FILE: …"
  // for the file of another run and for a damaged one.
  int64_t resume();
  // After a block: writes the state where it is due.
  void note(int64_t blocks_done);
  void finish(int64_t blocks);  // writes the last state

 private:
  using Clock = std::chrono::steady_clock;
  void write(int64_t blocks_done) const;
  std::string file_, key_;
  double seconds_;
  std::vector<Resumable*> sinks_;
  Clock::time_point written_ = Clock::now();
};

}  // namespace fr
