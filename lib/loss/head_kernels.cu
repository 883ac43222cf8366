#include "loss/head_kernels.h"

#include <cmath>
#include <limits>

#include "core/launch.cuh"
#include "core/philox.h"
#include "loss/least_norm.cuh"

namespace fr::head {

namespace {

struct Normal {
  uint64_t key;
  int64_t first;
  float deviation;
  float* w;  // (count)
  FR_HD void operator()(int64_t i) const {
    w[i] = deviation * philox_normal(key, 0, static_cast<uint64_t>(first + i));
  }
};

struct Localise {
  int64_t begin, end;
  const int32_t* labels;  // (n)
  int32_t* local;         // (n)
  FR_HD void operator()(int64_t row) const {
    const bool here = labels[row] >= begin && labels[row] < end;
    local[row] = here ? static_cast<int32_t>(labels[row] - begin) : -1;
  }
};

struct Round {
  const float* x;  // (count)
  Bf16* y;         // (count)
  FR_HD void operator()(int64_t i) const { y[i] = Bf16(x[i]); }
};

struct Square {
  const float* v;  // (rows, d)
  int64_t d;
  FR_HD double operator()(int64_t row, int64_t col) const {
    const double value = static_cast<double>(v[row * d + col]);
    return value * value;
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

struct StoreTargetLogit {
  const int32_t* labels;       // (n)
  const MarginValue* targets;  // (n)
  double scale;
  float* logits;  // (n)
  FR_HD void operator()(int64_t row) const {
    logits[row] = labels[row] >= 0 ? static_cast<float>(scale * targets[row].value) : 0.0f;
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
    r.rounded_losses[row] = static_cast<float>(loss);
    r.coefficient[row] = static_cast<float>(per_cosine / r.sum[row]);
    r.target[row] = static_cast<float>(per_cosine * derivative * std::expm1(-loss));  // p - 1
  }
};

// One addition after the other: the mean does not depend on how rows are spread over threads.
struct MeanLoss {
  int64_t n;
  const double* losses;  // (n)
  double* mean;          // (1)
  FR_HD void operator()(int64_t) const {
    double total = 0;
    for (int64_t row = 0; row < n; ++row) total += losses[row];
    *mean = total / static_cast<double>(n);
  }
};

struct Product {
  const float* a;  // (rows, d)
  const float* b;  // (rows, d)
  int64_t d;
  FR_HD float operator()(int64_t row, int64_t col) const { return a[row * d + col] * b[row * d + col]; }
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

void fill_normal(Device device, int64_t count, uint64_t key, int64_t first, float deviation, float* w) {
  launch(device, count, Normal{key, first, deviation, w});
}

void fill(Device device, int64_t count, float value, float* x) {
  launch(device, count, Fill<float>{x, value});
}

void localise(Device device, int64_t n, int64_t begin, int64_t end, const int32_t* labels, int32_t* local) {
  launch(device, n, Localise{begin, end, labels, local});
}

void round_to_bf16(Device device, int64_t count, const float* x, Bf16* y) {
  launch(device, count, Round{x, y});
}

void target_logits(Device device, int64_t n, const int32_t* labels, const MarginValue* targets, double scale,
                   float* logits) {
  launch(device, n, StoreTargetLogit{labels, targets, scale, logits});
}

void mean_loss(Device device, int64_t n, const double* losses, double* mean) {
  launch(device, 1, MeanLoss{n, losses, mean});
}

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

void rescale_sums(Device device, int64_t n, const RunningSum& running) {
  launch(device, n, RescaleSum{running});
}

void finish_rows(Device device, const RowResults& results) { launch(device, results.n, FinishRow{results}); }

void unit_backward(Device device, int64_t n, int64_t d, const float* dunit, const float* unit,
                   const float* inverse, float* radial, float* dx) {
  launch_rows(device, n, d, Product{dunit, unit, d}, Sum<float>{}, StoreRadialOfUnit{inverse, radial});
  launch_2d(device, n, d, UnitBackward{dunit, unit, inverse, radial, dx, d});
}

}  // namespace fr::head
