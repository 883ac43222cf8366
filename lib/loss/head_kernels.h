// The steps of the margin head that are our own mathematics, on either device. All arrays are dense row-major
// f32 unless said otherwise; n rows of the batch, d values an embedding, tiles of `count` classes.
#pragma once
#include <cstdint>

#include "core/device.h"
#include "loss/margin.h"

namespace fr::head {

// inverse (rows) = 1/max(|v|, 1e-12) of v (rows, d) (spec 1.1).
void inverse_norms(Device device, int64_t rows, int64_t d, const float* v, float* inverse);

// y (rows, d) = v (rows, d) times scale (rows).
void scale_rows(Device device, int64_t rows, int64_t d, const float* v, const float* scale, float* y);

// The target's cosine of each row in double, or x w + bias unless `normalise`; 0 where the label is
// elsewhere.
struct Targets {
  const float* x;         // (n, d)
  const float* w;         // (shard, d)
  const float* bias;      // (shard), or null
  const int32_t* labels;  // (n) within the shard, or -1
  int64_t n, d;
  bool normalise;
};
void target_cosines(Device device, const Targets& targets, double* cosines);

// How a product x w becomes a logit: c = product * inverse + bias, 0 where c > filter on a class that is not
// the target, clamped to [-limit, limit], times scale. Filtered and clamped entries have no gradient.
struct LogitRule {
  float scale, limit, filter;
};

struct Tile {
  float* values;            // (n, count)
  const float* w;           // (count, d)
  float* inverse;           // (count)
  const float* bias;        // (count)
  const int32_t* labels;    // (n) within the shard, or -1
  int64_t n, begin, count;  // classes [begin, begin + count) of the shard
};

// Log-sum-exp of each row so far: log(sum) + max.
struct RunningSum {
  float* max;   // (n)
  float* next;  // (n) scratch
  double* sum;  // (n)
};

// Starts each row with its target's logit (n), or with nothing where the label is elsewhere.
void start_sums(Device device, int64_t n, const int32_t* labels, const float* logits,
                const RunningSum& running);
// Turns a tile's products into logits and adds them to the running sums; the target's entry is left out.
void add_tile(Device device, const Tile& tile, const LogitRule& rule, const RunningSum& running);

// After max became the maximum over all ranks and `next` this rank's own: brings each sum to the new max.
void rescale_sums(Device device, int64_t n, const RunningSum& running);

// Loss of each row and the factors of its gradient, once max and sum cover every class on every rank.
struct RowResults {
  const float* logits;         // (n) scaled target logit
  const double* sum;           // (n)
  const float* max;            // (n)
  const MarginValue* targets;  // (n)
  int64_t n;
  double scale;
  bool straight_through;  // takes the margin's derivative for 1
  double* losses;         // (n) log(sum) + max - logit
  float* coefficient;     // (n) scale/(n sum): d mean loss/d cosine is this times exp(logit - max)
  float* target;          // (n) d mean loss/d cosine of the target
};
void finish_rows(Device device, const RowResults& results);

// d mean loss/d product of a row's entries: coefficient * exp(logit - max) * inverse, and target * inverse.
struct RowGradient {
  const float* max;          // (n)
  const float* coefficient;  // (n)
  const float* target;       // (n)
};
// Turns a tile's products into gradients.
void tile_gradients(Device device, const Tile& tile, const LogitRule& rule, const RowGradient& rows);

// dbias (count) is added to: the sum over the rows of a tile of gradients.
void add_column_sums(Device device, const Tile& tile, float* dbias);

// dw (count, d) is added to: the part of g (count, d) at right angles to each row of w. radial (count):
// scratch.
void add_tangent(Device device, const Tile& tile, int64_t d, const float* g, float* radial, float* dw);

// dx (n, d) overwritten: through x/|x|, given the gradient (n, d) with respect to unit (n, d).
void unit_backward(Device device, int64_t n, int64_t d, const float* dunit, const float* unit,
                   const float* inverse, float* radial, float* dx);

}  // namespace fr::head
