// The steps of the margin head that concern a tile of classes, on either device: its weights, its logits and
// its gradients. Dense row-major f32 unless said otherwise; n rows of the batch, d values an embedding.
#pragma once
#include <cstdint>

#include "core/bf16.h"
#include "core/device.h"
#include "core/sgd_options.h"
#include "loss/head_kernels.h"

namespace fr::head {

// How a product x w becomes a logit: c = product * inverse + bias, 0 where c > filter on a class that is not
// the target, clamped to [-limit, limit], times scale. Filtered and clamped entries have no gradient.
struct LogitRule {
  float scale, limit, filter;
};

// Columns [begin, begin + count) of the shard's, each of which stands for a class: itself, or a sampled one.
struct Tile {
  float* values;           // (n, count)
  Bf16* gradients;         // (n, count) where gradients are bf16; null: they overwrite the values
  const float* w;          // (count, d) in f32
  const Bf16* w_bf16;      // (count, d) in bf16; either or
  float* inverse;          // (count)
  const float* bias;       // (count)
  const int32_t* labels;   // (n) column, or -1
  const int32_t* classes;  // (count) of the columns, -1: none; null: the columns themselves
  const int32_t* used;     // (1) columns in use of all the shard's, or null: all
  int64_t n, begin, count;
  float* partial;  // (n, parts) scratch, for parts > 1
  int64_t parts;   // that a row's sum and maximum are made of
};

// taken (count, d) = the rows of w (shard, d) that the tile stands for, zeros for none; with `inverse`, also
// their inverse norms (count). The second form rounds.
struct Take {
  const float* w;          // (shard, d)
  const int32_t* classes;  // (count) or null, see Tile
  int64_t begin, count, d;
  float* inverse;  // (count) or null
};
void take_rows(Device device, const Take& take, float* taken);
void take_rows(Device device, const Take& take, Bf16* taken);
// taken (count) = bias (shard) of the classes (count); 0 for none.
void take_bias(Device device, int64_t count, const int32_t* classes, const float* bias, float* taken);

// Turns a tile's products into logits and adds them to the running sums; the target's entry is left out.
void add_tile(Device device, const Tile& tile, const LogitRule& rule, const RunningSum& running);

// d mean loss/d product of a row's entries: coefficient * exp(logit - max) * inverse, and target * inverse.
struct RowGradient {
  const float* max;          // (n)
  const float* coefficient;  // (n)
  const float* target;       // (n)
};
// Turns a tile's products into gradients.
void tile_gradients(Device device, const Tile& tile, const LogitRule& rule, const RowGradient& rows);

// Where the gradients of a shard's classes go: added to dw and dbias, or straight into a step of SGD.
struct ClassGradients {
  float* w = nullptr;               // (shard, d)
  float* bias = nullptr;            // (shard), or null
  float* dw = nullptr;              // (shard, d) added to; null: SGD
  float* dbias = nullptr;           // (shard) added to
  float* v = nullptr;               // (shard, d) momenta of w
  float* vbias = nullptr;           // (shard) of bias
  const SgdOptions* sgd = nullptr;  // null: dw and dbias
  const float* lr = nullptr;        // (1)
  double* squares = nullptr;        // (columns) with SGD: of each column's gradient, overwritten
  int64_t shard = 0, d = 0;
};

// radial (count) = the part of g (count, d) along each class weight, over |w|: what is to be left out of a
// normalised weight's gradient.
void radial_parts(Device device, const Tile& tile, const ClassGradients& to, const float* g, float* radial);
// Passes on g (count, d), less radial (count) times the weight unless radial is null, and the tile's bias
// gradients. A null g was passed on already.
void pass_gradients(Device device, const Tile& tile, const ClassGradients& to, const float* g,
                    const float* radial);

// SGD with gradient 0 on every class whose column_of (shard) is -1: momentum and weight decay still move it.
void decay_others(Device device, const int32_t* column_of, const ClassGradients& to);

// square (1) = the sum of squares (columns); chunks (sum_chunks(columns)): scratch.
int64_t sum_chunks(int64_t columns);
void sum_squares(Device device, int64_t columns, const double* squares, double* chunks, double* square);

}  // namespace fr::head
