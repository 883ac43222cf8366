// The kernels of a stream on a device, over memory of that device: estimates that can reach a cut become
// candidates, candidates become scores, and scores not below the cut become hits.
#pragma once
#include <cstdint>

#include "core/selected.h"
#include "core/tensor.h"
#include "eval/score_rows.h"

namespace fr {

struct Candidate {
  int32_t probe, column;  // rows of the probes and of the gallery that are on the device
};
struct ScoreHit {
  int32_t probe, column;
  float score;
};

// Estimates or scores of probes [probe, probe + rows) with columns [column, column + cols).
struct DeviceTile {
  const float* values = nullptr;  // (rows, cols)
  int64_t probe = 0, column = 0, rows = 0, cols = 0;
  int64_t stride = 0;  // floats between rows of `values`
};

// cuts (count) of no sink: infinity.
void clear_cuts(Device device, float* cuts, int64_t count);

// bounds (count) of rows (count) and their cuts (count).
void bound_probes(Device device, const RowBound* rows, const float* cuts, int64_t count, int64_t dim,
                  ProbeBound* bounds);

// Appends the pairs whose estimate reaches(); probes: of row 0, gallery: of column 0.
void select_candidates(Device device, const DeviceTile& estimates, const ProbeBound* probes,
                       const RowBound* gallery, const Selected<Candidate>& candidates);

// Appends those of the candidates whose pair_score is not below the cut.
void score_candidates(Device device, const Selected<Candidate>& candidates, const DeviceRows& probes,
                      const DeviceRows& gallery, int64_t dim, const ProbeBound* bounds,
                      const Selected<ScoreHit>& hits);

// scores (tile.rows, tile.cols) = pair_score of all the tile's pairs.
void score_whole(Device device, const DeviceTile& tile, const DeviceRows& probes, const DeviceRows& gallery,
                 int64_t dim, float* scores);

// Appends the tile's scores that are not below the cut.
void select_scores(Device device, const DeviceTile& scores, const ProbeBound* probes,
                   const Selected<ScoreHit>& hits);

// The hits (count) of rows [first, first + rows) as a list a row: items[heads[row]], then items[next[…]]
// until -1.
void link_hits(Device device, const ScoreHit* hits, int64_t count, int64_t first, int64_t rows,
               int32_t* heads, int32_t* next);

}  // namespace fr
