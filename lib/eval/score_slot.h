// One block of the gallery on a device: its rows, the cuts it is compared with, and what it leaves.
#pragma once
#include <cstdint>

#include "core/copy_stream.h"
#include "core/tensor.h"
#include "eval/score_blocks.h"
#include "eval/score_hits.h"
#include "eval/score_stream.h"

namespace fr {

// Rows read into host memory on all threads, and copied from there while the host goes on.
class Staging {
 public:
  Staging(Device device, int64_t rows, int64_t dim);
  // Writes rows.f32(at) … of rows [first, first + count) of `set`, padding included; `count` at most `rows`.
  // What is launched from now on waits for it.
  void upload(const RowSet& set, int64_t first, int64_t count, const DeviceRows& rows, int64_t at);

 private:
  int64_t dim_;
  Pinned host_;  // (rows, stride)
  CopyStream copies_;
};

class DeviceSlot {
 public:
  DeviceSlot(Device device, const DeviceBlocks& blocks, int64_t dim);

  // (probe_block) on the device, for the caller to fill.
  float* cuts() const { return reinterpret_cast<float*>(cuts_.data()); }
  // Of probes [first, first + count) of those on the device: makes bounds of cuts.
  void bound(const DeviceRows& probes, int64_t first, int64_t count);

  void clear();  // both lists
  const Selected<Candidate>& candidates() const { return candidates_; }
  const Selected<ScoreHit>& hits() const { return hits_; }
  const ProbeBound* bounds() const { return reinterpret_cast<const ProbeBound*>(bounds_.data()); }

  void fetch_counts();        // of what has been launched so far, without waiting
  void wait();                // for the last fetch_counts
  int64_t candidate_count();  // waits for the last fetch_counts; may be above the capacity
  int64_t hit_count();        // of those that are there; waits likewise

  DeviceRows rows;
  int64_t gallery = 0, cols = 0;  // the gallery's rows that are here

 private:
  Device device_;
  int64_t dim_;
  Memory cuts_, bounds_, candidate_items_, hit_items_, counts_;
  Selected<Candidate> candidates_;
  Selected<ScoreHit> hits_;
  Pinned host_counts_;  // (2)
  CopyStream copies_;
};

}  // namespace fr
