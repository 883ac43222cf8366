// Shows the sinks of a stream what they ask for, whoever made the scores.
#pragma once
#include <algorithm>
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
  static bool any_reach(const float* scores, int64_t begin, int64_t end, float cut) {
    int matter = 0;
#pragma omp simd reduction(| : matter)
    for (int64_t c = begin; c < end; ++c) matter |= scores[c] >= cut;
    return matter != 0;
  }

  // Most runs of scores hold none that matters, and most parts of the others: one comparison a lane, one
  // branch a run.
  void row(const ScoreTile& tile, int64_t r, int thread) const {
    constexpr int64_t run = 32, part = 8;
    const float* scores = tile.scores + r * tile.stride;
    float least = cut(tile.probe + r);
    for (int64_t begin = 0; begin < tile.cols; begin += run) {
      const int64_t end = std::min(begin + run, tile.cols);
      if (!any_reach(scores, begin, end, least)) continue;
      for (int64_t first = begin; first < end; first += part) {
        const int64_t last = std::min(first + part, end);
        if (!any_reach(scores, first, last, least)) continue;
        for (int64_t c = first; c < last; ++c) {
          if (scores[c] >= least) one(tile.probe + r, tile.gallery + c, scores[c], thread);
        }
      }
      least = cut(tile.probe + r);
    }
  }

  std::span<ScoreSink* const> sinks_;
  std::span<TileSink* const> tiles_;
};

}  // namespace fr
