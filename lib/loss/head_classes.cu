// The part of loss/head_tiles.h that reads and changes class weights.
#include <cmath>

#include "core/launch.cuh"
#include "core/sgd_step.cuh"
#include "loss/head_tiles.h"
#include "loss/least_norm.cuh"

namespace fr::head {

namespace {

// The class of a tile's column, or -1.
struct ClassOf {
  const int32_t* classes;  // (count), or null
  int64_t begin;
  FR_HD int64_t operator()(int64_t col) const { return classes == nullptr ? begin + col : classes[col]; }
};

ClassOf class_of(const Tile& tile) { return {tile.classes, tile.begin}; }

template <class Out>
struct TakeRow {
  ClassOf class_of;
  const float* w;  // (shard, d)
  Out* taken;      // (count, d)
  int64_t d;
  FR_HD double operator()(int64_t row, int64_t col) const {
    const int64_t c = class_of(row);
    const float value = c < 0 ? 0.0f : w[c * d + col];
    taken[row * d + col] = static_cast<Out>(value);
    return static_cast<double>(value) * static_cast<double>(value);
  }
};

template <class Out>
void take(Device device, const Take& t, Out* taken) {
  const TakeRow<Out> row{{t.classes, t.begin}, t.w, taken, t.d};
  if (t.inverse != nullptr)
    launch_rows(device, t.count, t.d, row, Sum<double>{}, StoreInverseNorm{t.inverse});
  else
    launch_2d(device, t.count, t.d, row);
}

struct TakeBias {
  const int32_t* classes;  // (count)
  const float* bias;       // (shard)
  float* taken;            // (count)
  FR_HD void operator()(int64_t col) const { taken[col] = classes[col] < 0 ? 0.0f : bias[classes[col]]; }
};

struct AlongWeight {
  ClassOf class_of;
  const float* g;  // (count, d)
  const float* w;  // (shard, d)
  int64_t d;
  FR_HD float operator()(int64_t row, int64_t col) const {
    const int64_t c = class_of(row);
    return c < 0 ? 0.0f : g[row * d + col] * w[c * d + col];
  }
};

struct StoreRadial {
  const float* inverse;  // (count)
  float* radial;         // (count)
  FR_HD void operator()(int64_t row, float dot) const {
    radial[row] = inverse[row] < kNoProjection ? dot * inverse[row] * inverse[row] : 0.0f;
  }
};

struct AddToGradient {
  ClassOf class_of;
  const float* g;       // (count, d)
  const float* w;       // (shard, d)
  const float* radial;  // (count), or null
  float* dw;            // (shard, d)
  int64_t d;
  FR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t c = class_of(row), i = row * d + col;
    if (c >= 0) dw[c * d + col] += radial == nullptr ? g[i] : g[i] - radial[row] * w[c * d + col];
  }
};

// A tile's step of SGD. 0 + gradient is what adding to a zeroed gradient gives, for the sake of -0.
template <class Form>
struct StepRow {
  SgdRule rule;
  ClassOf class_of;
  const float* g;       // (count, d)
  const float* radial;  // (count), or null
  float* w;             // (shard, d)
  float* v;             // (shard, d)
  int64_t d;
  FR_HD double operator()(int64_t row, int64_t col) const {
    const int64_t c = class_of(row), i = c * d + col;
    if (c < 0) return 0.0;
    const float given = g[row * d + col];
    const float gradient = 0.0f + (radial == nullptr ? given : given - radial[row] * w[i]);
    Form::step(rule, gradient, w[i], v[i]);
    return static_cast<double>(gradient) * static_cast<double>(gradient);
  }
};

template <class In>
FR_HD float column_sum(const Tile& tile, const In* gradients, int64_t col) {
  float sum = 0;
  for (int64_t row = 0; row < tile.n; ++row) sum += static_cast<float>(gradients[row * tile.count + col]);
  return sum;
}

template <class In>
struct AddBias {
  Tile tile;
  ClassOf class_of;
  const In* gradients;  // (n, count)
  float* dbias;         // (shard)
  FR_HD void operator()(int64_t col) const {
    const int64_t c = class_of(col);
    if (c >= 0) dbias[c] += column_sum(tile, gradients, col);
  }
};

template <class Form, class In>
struct StepBias {
  SgdRule rule;
  Tile tile;
  ClassOf class_of;
  const In* gradients;  // (n, count)
  float* bias;          // (shard)
  float* v;             // (shard)
  double* squares;      // (count) added to
  FR_HD void operator()(int64_t col) const {
    const int64_t c = class_of(col);
    if (c < 0) return;
    const float gradient = 0.0f + column_sum(tile, gradients, col);
    Form::step(rule, gradient, bias[c], v[c]);
    squares[col] += static_cast<double>(gradient) * static_cast<double>(gradient);
  }
};

template <class Form>
struct DecayRow {
  SgdRule rule;
  const int32_t* column_of;  // (shard)
  float* w;                  // (shard, d)
  float* v;                  // (shard, d)
  int64_t d;
  FR_HD void operator()(int64_t row, int64_t col) const {
    if (column_of[row] < 0) Form::step(rule, 0.0f, w[row * d + col], v[row * d + col]);
  }
};

template <class Form, class In>
void step_tile(Device device, const Tile& tile, const ClassGradients& to, const float* g, const float* radial,
               const In* gradients) {
  const SgdRule rule = sgd_rule(*to.sgd, to.lr);
  double* const squares = to.squares + tile.begin;
  launch_rows(device, tile.count, to.d, StepRow<Form>{rule, class_of(tile), g, radial, to.w, to.v, to.d},
              Sum<double>{}, Keep<double>{squares});
  if (to.bias != nullptr)
    launch(device, tile.count,
           StepBias<Form, In>{rule, tile, class_of(tile), gradients, to.bias, to.vbias, squares});
}

template <class In>
void pass(Device device, const Tile& tile, const ClassGradients& to, const float* g, const float* radial,
          const In* gradients) {
  if (to.sgd != nullptr) {
    return to.sgd->form == SgdForm::kTorch ? step_tile<TorchForm>(device, tile, to, g, radial, gradients)
                                           : step_tile<MxnetForm>(device, tile, to, g, radial, gradients);
  }
  if (g != nullptr)
    launch_2d(device, tile.count, to.d, AddToGradient{class_of(tile), g, to.w, radial, to.dw, to.d});
  if (to.bias != nullptr) launch(device, tile.count, AddBias<In>{tile, class_of(tile), gradients, to.dbias});
}

template <class Form>
void decay(Device device, const int32_t* column_of, const ClassGradients& to) {
  const SgdRule rule = sgd_rule(*to.sgd, to.lr);
  launch_2d(device, to.shard, to.d, DecayRow<Form>{rule, column_of, to.w, to.v, to.d});
  if (to.bias != nullptr)
    launch_2d(device, to.shard, 1, DecayRow<Form>{rule, column_of, to.bias, to.vbias, 1});
}

constexpr int64_t kChunk = 4096;  // columns summed together
struct Square {
  const double* squares;  // (columns)
  int64_t columns;
  FR_HD double operator()(int64_t chunk, int64_t i) const {
    const int64_t col = chunk * kChunk + i;
    return col < columns ? squares[col] : 0.0;
  }
};

}  // namespace

void take_rows(Device device, const Take& t, float* taken) { take(device, t, taken); }
void take_rows(Device device, const Take& t, Bf16* taken) { take(device, t, taken); }

void take_bias(Device device, int64_t count, const int32_t* classes, const float* bias, float* taken) {
  launch(device, count, TakeBias{classes, bias, taken});
}

void radial_parts(Device device, const Tile& tile, const ClassGradients& to, const float* g, float* radial) {
  launch_rows(device, tile.count, to.d, AlongWeight{class_of(tile), g, to.w, to.d}, Sum<float>{},
              StoreRadial{tile.inverse, radial});
}

void pass_gradients(Device device, const Tile& tile, const ClassGradients& to, const float* g,
                    const float* radial) {
  if (tile.gradients != nullptr)
    pass(device, tile, to, g, radial, tile.gradients);
  else
    pass(device, tile, to, g, radial, tile.values);
}

void decay_others(Device device, const int32_t* column_of, const ClassGradients& to) {
  to.sgd->form == SgdForm::kTorch ? decay<TorchForm>(device, column_of, to)
                                  : decay<MxnetForm>(device, column_of, to);
}

int64_t sum_chunks(int64_t columns) { return (columns + kChunk - 1) / kChunk; }

void sum_squares(Device device, int64_t columns, const double* squares, double* chunks, double* square) {
  launch_rows(device, sum_chunks(columns), kChunk, Square{squares, columns}, Sum<double>{},
              Keep<double>{chunks});
  launch_rows(device, 1, sum_chunks(columns), Square{chunks, sum_chunks(columns)}, Sum<double>{},
              Keep<double>{square});
}

}  // namespace fr::head
