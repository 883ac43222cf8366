#include "eval/score_hits.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "core/chains.cuh"
#include "core/launch.cuh"
#include "core/lists.cuh"
#include "core/select.cuh"

namespace fr {

namespace {

struct BoundProbe {
  const RowBound* rows;
  const float* cuts;
  int64_t dim;
  ProbeBound* bounds;
  FR_HD void operator()(int64_t i) const { bounds[i] = probe_bound(rows[i], cuts[i], dim); }
};

struct Reaching {
  DeviceTile tile;
  const ProbeBound* probes;
  const RowBound* gallery;

  struct Column {
    const float* estimates;    // of row 0
    const ProbeBound* probes;  // of row 0
    int64_t stride;
    RowBound gallery;
    int32_t probe, column;
    FR_HD bool passes(int64_t row) const { return probes[row].reaches(estimates[row * stride], gallery); }
    FR_HD Candidate item(int64_t row) const { return {probe + static_cast<int32_t>(row), column}; }
  };
  FR_HD Column operator()(int64_t col) const {
    return {tile.values + col,
            probes + tile.probe,
            tile.stride,
            gallery[tile.column + col],
            static_cast<int32_t>(tile.probe),
            static_cast<int32_t>(tile.column + col)};
  }
};

// pair_score(a, b, d) of rows that begin at multiples of 16 bytes, read 16 bytes at a time.
FR_HD inline float aligned_pair_score(const float* a, const float* b, int64_t d) {
  struct alignas(16) Four {
    float at[4];
  };
  float sum = 0;
  int64_t k = 0;
  for (; k + 4 <= d; k += 4) {
    Four left, right;
    memcpy(&left, __builtin_assume_aligned(a + k, 16), sizeof left);
    memcpy(&right, __builtin_assume_aligned(b + k, 16), sizeof right);
    for (int i = 0; i < 4; ++i) sum = fmaf(left.at[i], right.at[i], sum);
  }
  for (; k < d; ++k) sum = fmaf(a[k], b[k], sum);
  return sum;
}

// A list seen as a matrix of one row: the score is made with the column.
struct Scored {
  Selected<Candidate> candidates;
  const float* probes;
  const float* gallery;
  int64_t dim, stride;
  const ProbeBound* bounds;
  FR_HD Listed<ScoreHit> operator()(int64_t i) const {
    if (i >= *candidates.count) return {{0, 0, 0}, false};
    const Candidate pair = candidates.items[i];
    const float score = aligned_pair_score(probes + pair.probe * stride, gallery + pair.column * stride, dim);
    return {{pair.probe, pair.column, score}, score >= bounds[pair.probe].cut};
  }
};

struct NotBelow {
  DeviceTile tile;
  const ProbeBound* probes;

  struct Column {
    const float* scores;       // of row 0
    const ProbeBound* probes;  // of row 0
    int64_t stride;
    int32_t probe, column;
    FR_HD bool passes(int64_t row) const { return scores[row * stride] >= probes[row].cut; }
    FR_HD ScoreHit item(int64_t row) const {
      return {probe + static_cast<int32_t>(row), column, scores[row * stride]};
    }
  };
  FR_HD Column operator()(int64_t col) const {
    return {tile.values + col, probes + tile.probe, tile.stride, static_cast<int32_t>(tile.probe),
            static_cast<int32_t>(tile.column + col)};
  }
};

struct RowOf {
  const ScoreHit* hits;
  FR_HD int32_t operator()(int64_t i) const { return hits[i].probe; }
};

}  // namespace

void clear_cuts(Device device, float* cuts, int64_t count) {
  launch(device, count, Fill<float>{cuts, std::numeric_limits<float>::infinity()});
}

void bound_probes(Device device, const RowBound* rows, const float* cuts, int64_t count, int64_t dim,
                  ProbeBound* bounds) {
  launch(device, count, BoundProbe{rows, cuts, dim, bounds});
}

void select_candidates(Device device, const DeviceTile& estimates, const ProbeBound* probes,
                       const RowBound* gallery, const Selected<Candidate>& candidates) {
  launch_select(device, estimates.rows, estimates.cols, Reaching{estimates, probes, gallery}, candidates);
}

void score_candidates(Device device, const Selected<Candidate>& candidates, const DeviceRows& probes,
                      const DeviceRows& gallery, int64_t dim, const ProbeBound* bounds,
                      const Selected<ScoreHit>& hits) {
  const Scored scored{candidates, probes.f32(0), gallery.f32(0), dim, probes.stride(), bounds};
  launch_select(device, 1, candidates.capacity, scored, hits);
}

void score_whole(Device device, const DeviceTile& tile, const DeviceRows& probes, const DeviceRows& gallery,
                 int64_t dim, float* scores) {
  launch_chains(device, {.a = probes.f32(tile.probe),
                         .b = gallery.f32(tile.column),
                         .out = scores,
                         .rows = tile.rows,
                         .cols = tile.cols,
                         .depth = dim,
                         .stride = probes.stride(),
                         .out_stride = tile.stride});
}

void select_scores(Device device, const DeviceTile& scores, const ProbeBound* probes,
                   const Selected<ScoreHit>& hits) {
  launch_select(device, scores.rows, scores.cols, NotBelow{scores, probes}, hits);
}

void link_hits(Device device, const ScoreHit* hits, int64_t count, int64_t first, int64_t rows,
               int32_t* heads, int32_t* next) {
  launch(device, rows, Fill<int32_t>{heads + first, -1});
  launch_link(device, count, RowOf{hits}, heads, next);
}

}  // namespace fr
