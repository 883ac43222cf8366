// Shows the sinks of a stream what they ask for, whoever made the scores.
#pragma once
#include <algorithm>
#include <array>
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

  // Both say how many scores reached the lowest cut of the sinks.
  int64_t one(int64_t probe, int64_t gallery, float score, int thread) const {
    bool reached = false;
    for (ScoreSink* sink : sinks_) {
      if (!(score >= sink->cut(probe))) continue;
      sink->take_one(probe, gallery, score, thread);
      reached = true;
    }
    return reached ? 1 : 0;
  }

  int64_t tile(const ScoreTile& tile, int thread) const {
    for (TileSink* sink : tiles_) sink->take(tile, thread);
    int64_t reached = 0;
    for (int64_t r = 0; r < tile.rows && !sinks_.empty(); ++r) reached += row(tile, r, thread);
    return reached;
  }

 private:
  static constexpr int32_t kRun = 32, kColumns = 256;

  // Bit c is set where scores[c] is at least `cut`; count at most kRun.
  static uint32_t reaching(const float* scores, int32_t count, float cut) {
    uint32_t bits = 0;
#pragma omp simd reduction(| : bits)
    for (int32_t c = 0; c < count; ++c) bits |= scores[c] >= cut ? uint32_t{1} << c : 0;
    return bits;
  }

  // Writes first + c of each bit c, and up to 3 values more: a branch for four bits, not for each.
  static int32_t put_columns(uint32_t bits, int32_t first, int32_t* columns) {
    const int32_t count = std::popcount(bits);
    for (int32_t i = 0; i < count; i += 4) {
      for (int32_t j = 0; j < 4; ++j, bits &= bits - 1) columns[i + j] = first + std::countr_zero(bits);
    }
    return count;
  }

  // Most runs of scores hold none that matters: one comparison a lane, one branch a run.
  int64_t row(const ScoreTile& tile, int64_t r, int thread) const {
    const int64_t probe = tile.probe + r;
    int64_t reached = 0;
    std::array<int32_t, kColumns + 3> columns;
    for (int64_t begin = 0; begin < tile.cols; begin += kColumns) {
      const float* const scores = tile.scores + r * tile.stride + begin;
      const auto count = static_cast<int32_t>(std::min<int64_t>(kColumns, tile.cols - begin));
      const float least = cut(probe);
      int32_t found = 0;
      for (int32_t c = 0; c < count; c += kRun) {
        const uint32_t bits = c + kRun <= count  // a constant count makes whole vectors
                                  ? reaching(scores + c, kRun, least)
                                  : reaching(scores + c, count - c, least);
        if (bits != 0) found += put_columns(bits, c, columns.data() + found);
      }
      if (found == 0) continue;
      reached += found;
      const ScoreRun run{probe, tile.gallery + begin, scores,
                         std::span(columns).first(static_cast<size_t>(found))};
      for (ScoreSink* sink : sinks_) sink->take(run, thread);
    }
    return reached;
  }

  std::span<ScoreSink* const> sinks_;
  std::span<TileSink* const> tiles_;
};

}  // namespace fr
