// Shows the sinks of a stream what they ask for, whoever made the scores.
#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <span>

#include "eval/score_stream.h"

namespace fr {

inline constexpr int64_t kLongStream =
    100'000'000;                             // pairs from which kAuto screens and progress is worth a line
inline constexpr double kDenseShare = 0.02;  // of a tile's pairs that pass a screen: above it all are scored

// One tile, or single scores.
class Delivery {
 public:
  Delivery(std::span<ScoreSink* const> sinks, std::span<TileSink* const> tiles)
      : sinks_(sinks), tiles_(tiles) {}

  float cut(int64_t probe) const {
    float least = std::numeric_limits<float>::infinity();
    for (const ScoreSink* sink : sinks_) least = std::min(least, sink->cut(probe));
    return least;
  }

  void one(int64_t probe, int64_t gallery, float score, int thread) const {
    for (ScoreSink* sink : sinks_) {
      if (score >= sink->cut(probe)) sink->take(probe, gallery, score, thread);
    }
  }

  void tile(const ScoreTile& tile, int thread) const {
    for (TileSink* sink : tiles_) sink->take(tile, thread);
    if (sinks_.empty()) return;
    for (int64_t r = 0; r < tile.rows; ++r) row(tile, r, thread);
  }

 private:
  static constexpr int32_t kRun = 32;

  // Bit c is set where scores[c] is at least `cut`; count at most kRun.
  static uint32_t reaching(const float* scores, int32_t count, float cut) {
    uint32_t bits = 0;
#pragma omp simd reduction(| : bits)
    for (int32_t c = 0; c < count; ++c) bits |= scores[c] >= cut ? uint32_t{1} << c : 0;
    return bits;
  }

  // Most runs of scores hold none that matters: one comparison a lane, one branch a run.
  void row(const ScoreTile& tile, int64_t r, int thread) const {
    const float* scores = tile.scores + r * tile.stride;
    float least = cut(tile.probe + r);
    for (int64_t begin = 0; begin < tile.cols; begin += kRun) {
      const auto count = static_cast<int32_t>(std::min<int64_t>(kRun, tile.cols - begin));
      uint32_t bits =  // a constant count makes whole vectors
          count == kRun ? reaching(scores + begin, kRun, least) : reaching(scores + begin, count, least);
      if (bits == 0) continue;
      for (; bits != 0; bits &= bits - 1) {
        const int64_t c = begin + std::countr_zero(bits);
        one(tile.probe + r, tile.gallery + c, scores[c], thread);
      }
      least = cut(tile.probe + r);
    }
  }

  std::span<ScoreSink* const> sinks_;
  std::span<TileSink* const> tiles_;
};

}  // namespace fr
