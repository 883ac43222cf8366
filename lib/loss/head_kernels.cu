#include "loss/head_kernels.h"

#include <cmath>

#include "core/exp.cuh"
#include "core/launch.cuh"

namespace fr::head {

namespace {

constexpr double kLeastNorm = 1e-12;

struct Square {
  const float* v;  // (rows, d)
  int64_t d;
  FR_HD double operator()(int64_t row, int64_t col) const {
    const double value = static_cast<double>(v[row * d + col]);
    return value * value;
  }
};

struct StoreInverseNorm {
  float* inverse;  // (rows)
  FR_HD void operator()(int64_t row, double square) const {
    const double norm = std::sqrt(square);
    inverse[row] = static_cast<float>(1.0 / (norm < kLeastNorm ? kLeastNorm : norm));
  }
};

struct ScaleRow {
  const float* v;      // (rows, d)
  const float* scale;  // (rows)
  float* y;            // (rows, d)
  int64_t d;
  FR_HD void operator()(int64_t row, int64_t col) const { y[row * d + col] = v[row * d + col] * scale[row]; }
};

// A row's products with its own class, summed together.
struct Products {
  double xw, xx, ww;
};

struct SumProducts {
  static FR_HD Products identity() { return {0, 0, 0}; }
  FR_HD Products operator()(const Products& a, const Products& b) const {
    return {a.xw + b.xw, a.xx + b.xx, a.ww + b.ww};
  }
};

struct TargetProducts {
  Targets t;
  FR_HD Products operator()(int64_t row, int64_t col) const {
    if (t.labels[row] < 0) return {0, 0, 0};
    const double x = static_cast<double>(t.x[row * t.d + col]);
    const double w = static_cast<double>(t.w[t.labels[row] * t.d + col]);
    return {x * w, x * x, w * w};
  }
};

struct StoreCosine {
  Targets t;
  double* cosines;  // (n)
  FR_HD void operator()(int64_t row, const Products& p) const {
    double cosine = p.xw;
    if (t.normalise) {
      const double x = std::sqrt(p.xx), w = std::sqrt(p.ww);
      cosine /= (x < kLeastNorm ? kLeastNorm : x) * (w < kLeastNorm ? kLeastNorm : w);
      // Outside by rounding only, where the gradient at right angles to the weight vanishes anyway.
      cosine = cosine < -1.0 ? -1.0 : (cosine > 1.0 ? 1.0 : cosine);
    }
    if (t.bias != nullptr && t.labels[row] >= 0) cosine += static_cast<double>(t.bias[t.labels[row]]);
    cosines[row] = cosine;
  }
};

struct StartSum {
  const int32_t* labels;  // (n)
  const float* logits;    // (n)
  RunningSum running;
  FR_HD void operator()(int64_t row) const {
    const bool here = labels[row] >= 0;
    running.max[row] = here ? logits[row] : -std::numeric_limits<float>::infinity();
    running.sum[row] = here ? 1.0 : 0.0;
  }
};

// LogitRule in two functions of c, not one that returns a struct: a struct keeps the loops from vectorising.
FR_HD inline float logit_of(const LogitRule& rule, float c) {
  const float clamped = c < -rule.limit ? -rule.limit : (c > rule.limit ? rule.limit : c);
  return c > rule.filter ? 0.0f : rule.scale * clamped;
}

// Whether a gradient flows through c.
FR_HD inline bool is_open(const LogitRule& rule, float c) {
  return c <= rule.filter && c >= -rule.limit && c <= rule.limit;
}

struct StoreLogit {
  Tile tile;
  LogitRule rule;
  FR_HD float operator()(int64_t row, int64_t col) const {
    float& value = tile.values[row * tile.count + col];
    const float logit = logit_of(rule, value * tile.inverse[col] + tile.bias[col]);
    value = col + tile.begin == tile.labels[row] ? -std::numeric_limits<float>::infinity() : logit;
    return value;
  }
};

struct StoreNextMax {
  RunningSum running;
  FR_HD void operator()(int64_t row, float max) const {
    running.next[row] = Max<float>()(running.max[row], max);
  }
};

struct ExpOfLogit {
  Tile tile;
  RunningSum running;
  FR_HD float operator()(int64_t row, int64_t col) const {
    return exp_f32(tile.values[row * tile.count + col] - running.next[row]);
  }
};

struct AddToSum {
  RunningSum running;
  FR_HD void operator()(int64_t row, float sum) const {
    const float next = running.next[row];
    if (next == -std::numeric_limits<float>::infinity()) return;  // nothing seen yet: no class, or all -inf
    const double before = static_cast<double>(running.max[row]) - static_cast<double>(next);
    running.sum[row] = running.sum[row] * std::exp(before) + static_cast<double>(sum);
    running.max[row] = next;
  }
};

struct RescaleSum {
  RunningSum running;
  FR_HD void operator()(int64_t row) const {
    const float own = running.next[row];
    if (own == -std::numeric_limits<float>::infinity()) return;  // no class here: the sum is 0
    running.sum[row] *= std::exp(static_cast<double>(own) - static_cast<double>(running.max[row]));
  }
};

struct FinishRow {
  RowResults r;
  FR_HD void operator()(int64_t row) const {
    const double above = static_cast<double>(r.max[row]) - static_cast<double>(r.logits[row]);
    const double loss = std::log(r.sum[row]) + above;
    const double per_cosine = r.scale / static_cast<double>(r.n);
    const double derivative = r.straight_through ? 1.0 : r.targets[row].derivative;
    r.losses[row] = loss;
    r.coefficient[row] = static_cast<float>(per_cosine / r.sum[row]);
    r.target[row] = static_cast<float>(per_cosine * derivative * std::expm1(-loss));  // p - 1
  }
};

// Every entry as if it were not the target's: without the comparison and its loads the loop vectorises.
struct GradientOfProduct {
  Tile tile;
  LogitRule rule;
  RowGradient rows;
  FR_HD void operator()(int64_t row, int64_t col) const {
    float& value = tile.values[row * tile.count + col];
    const float inverse = tile.inverse[col];
    const float c = value * inverse + tile.bias[col];
    const float gradient = inverse * (rows.coefficient[row] * exp_f32(logit_of(rule, c) - rows.max[row]));
    value = is_open(rule, c) ? gradient : 0.0f;
  }
};

struct StoreTargetGradient {
  Tile tile;
  RowGradient rows;
  FR_HD void operator()(int64_t row) const {
    const int64_t col = tile.labels[row] - tile.begin;
    if (col >= 0 && col < tile.count)
      tile.values[row * tile.count + col] = tile.inverse[col] * rows.target[row];
  }
};

struct ColumnSum {
  Tile tile;
  float* dbias;  // (count)
  FR_HD void operator()(int64_t col) const {
    float sum = 0;
    for (int64_t row = 0; row < tile.n; ++row) sum += tile.values[row * tile.count + col];
    dbias[col] += sum;
  }
};

struct Product {
  const float* a;  // (rows, d)
  const float* b;  // (rows, d)
  int64_t d;
  FR_HD float operator()(int64_t row, int64_t col) const { return a[row * d + col] * b[row * d + col]; }
};

// Below the least norm, v/max(|v|, 1e-12) is linear in v: nothing to project out.
constexpr float kNoProjection = 0.999f / static_cast<float>(kLeastNorm);

struct StoreRadialOfWeight {
  const float* inverse;  // (count)
  float* radial;         // (count)
  FR_HD void operator()(int64_t row, float dot) const {
    radial[row] = inverse[row] < kNoProjection ? dot * inverse[row] * inverse[row] : 0.0f;
  }
};

struct AddTangent {
  const float* g;       // (count, d)
  const float* w;       // (count, d)
  const float* radial;  // (count)
  float* dw;            // (count, d)
  int64_t d;
  FR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t i = row * d + col;
    dw[i] += g[i] - radial[row] * w[i];
  }
};

struct StoreRadialOfUnit {
  const float* inverse;  // (n)
  float* radial;         // (n)
  FR_HD void operator()(int64_t row, float dot) const {
    radial[row] = inverse[row] < kNoProjection ? dot : 0.0f;
  }
};

struct UnitBackward {
  const float* dunit;    // (n, d)
  const float* unit;     // (n, d)
  const float* inverse;  // (n)
  const float* radial;   // (n)
  float* dx;             // (n, d)
  int64_t d;
  FR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t i = row * d + col;
    dx[i] = inverse[row] * (dunit[i] - radial[row] * unit[i]);
  }
};

}  // namespace

void inverse_norms(Device device, int64_t rows, int64_t d, const float* v, float* inverse) {
  launch_rows(device, rows, d, Square{v, d}, Sum<double>{}, StoreInverseNorm{inverse});
}

void scale_rows(Device device, int64_t rows, int64_t d, const float* v, const float* scale, float* y) {
  launch_2d(device, rows, d, ScaleRow{v, scale, y, d});
}

void target_cosines(Device device, const Targets& targets, double* cosines) {
  launch_rows(device, targets.n, targets.d, TargetProducts{targets}, SumProducts{},
              StoreCosine{targets, cosines});
}

void start_sums(Device device, int64_t n, const int32_t* labels, const float* logits,
                const RunningSum& running) {
  launch(device, n, StartSum{labels, logits, running});
}

void add_tile(Device device, const Tile& tile, const LogitRule& rule, const RunningSum& running) {
  launch_rows(device, tile.n, tile.count, StoreLogit{tile, rule}, Max<float>{}, StoreNextMax{running});
  launch_rows(device, tile.n, tile.count, ExpOfLogit{tile, running}, Sum<float>{}, AddToSum{running});
}

void rescale_sums(Device device, int64_t n, const RunningSum& running) {
  launch(device, n, RescaleSum{running});
}

void finish_rows(Device device, const RowResults& results) { launch(device, results.n, FinishRow{results}); }

void tile_gradients(Device device, const Tile& tile, const LogitRule& rule, const RowGradient& rows) {
  launch_2d(device, tile.n, tile.count, GradientOfProduct{tile, rule, rows});
  launch(device, tile.n, StoreTargetGradient{tile, rows});
}

void add_column_sums(Device device, const Tile& tile, float* dbias) {
  launch(device, tile.count, ColumnSum{tile, dbias});
}

void add_tangent(Device device, const Tile& tile, int64_t d, const float* g, float* radial, float* dw) {
  launch_rows(device, tile.count, d, Product{g, tile.w, d}, Sum<float>{},
              StoreRadialOfWeight{tile.inverse, radial});
  launch_2d(device, tile.count, d, AddTangent{g, tile.w, radial, dw, d});
}

void unit_backward(Device device, int64_t n, int64_t d, const float* dunit, const float* unit,
                   const float* inverse, float* radial, float* dx) {
  launch_rows(device, n, d, Product{dunit, unit, d}, Sum<float>{}, StoreRadialOfUnit{inverse, radial});
  launch_2d(device, n, d, UnitBackward{dunit, unit, inverse, radial, dx, d});
}

}  // namespace fr::head
