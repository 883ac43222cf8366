// HistogramSink over tiles in a device's memory.
#include "core/counts.cuh"
#include "core/device_memory.h"
#include "eval/score_sinks.h"

namespace fr {

namespace {

struct BinOf {
  const float* scores;
  int64_t stride;
  FR_HD int64_t operator()(int64_t row, int64_t col) const {
    return ScoreBins::of(scores[row * stride + col]);
  }
};

}  // namespace

bool HistogramSink::take_on(Device device, const ScoreTile& tile) {
  if (there_.bytes() == 0) {
    there_ = Memory(ScoreBins::kCount * int64_t{sizeof(int64_t)}, device);
    zero_bytes(device, there_.data(), there_.bytes());
  }
  launch_counts(device, tile.rows, tile.cols, BinOf{tile.scores, tile.stride},
                reinterpret_cast<int64_t*>(there_.data()), ScoreBins::kCount);
  return true;
}

}  // namespace fr
