#include "loss/head_tiles.h"

#include <cmath>

#include "core/exp.cuh"
#include "core/launch.cuh"

namespace fr::head {

namespace {

// LogitRule in two functions of c, not one that returns a struct: a struct keeps the loops from vectorising.
FR_HD inline float logit_of(const LogitRule& rule, float c) {
  const float clamped = c < -rule.limit ? -rule.limit : (c > rule.limit ? rule.limit : c);
  return c > rule.filter ? 0.0f : rule.scale * clamped;
}

// Whether a gradient flows through c.
FR_HD inline bool is_open(const LogitRule& rule, float c) {
  return c <= rule.filter && c >= -rule.limit && c <= rule.limit;
}

// With kPartly, the shard's last columns are unused (Tile::used).
template <bool kPartly>
struct StoreLogit {
  Tile tile;
  LogitRule rule;
  FR_HD float operator()(int64_t row, int64_t col) const {
    float& value = tile.values[row * tile.count + col];
    const float logit = logit_of(rule, value * tile.inverse[col] + tile.bias[col]);
    const bool out = col + tile.begin == tile.labels[row] || (kPartly && col + tile.begin >= *tile.used);
    value = out ? -std::numeric_limits<float>::infinity() : logit;
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

// Every entry as if it were not the target's: without the comparison and its loads the loop vectorises.
template <bool kPartly, class Out>
struct GradientOfProduct {
  Tile tile;
  LogitRule rule;
  RowGradient rows;
  Out* gradients;  // (n, count)
  FR_HD void operator()(int64_t row, int64_t col) const {
    const int64_t i = row * tile.count + col;
    const float inverse = tile.inverse[col];
    const float c = tile.values[i] * inverse + tile.bias[col];
    const float gradient = inverse * (rows.coefficient[row] * exp_f32(logit_of(rule, c) - rows.max[row]));
    const bool open = is_open(rule, c) && !(kPartly && col + tile.begin >= *tile.used);
    gradients[i] = static_cast<Out>(open ? gradient : 0.0f);
  }
};

template <class Out>
struct StoreTargetGradient {
  Tile tile;
  RowGradient rows;
  Out* gradients;  // (n, count)
  FR_HD void operator()(int64_t row) const {
    const int64_t col = tile.labels[row] - tile.begin;
    if (col >= 0 && col < tile.count)
      gradients[row * tile.count + col] = static_cast<Out>(tile.inverse[col] * rows.target[row]);
  }
};

// A row's columns as `parts` rows: one row of a tile is too much work for the 32 threads that launch_rows
// gives it on a GPU.
template <class Map, class Combine>
struct PartOfRow {
  Map map;
  int64_t parts, width, cols;
  FR_HD float operator()(int64_t part, int64_t i) const {
    const int64_t col = part % parts * width + i;
    return col < cols ? map(part / parts, col) : Combine::identity();
  }
};

struct Part {
  const float* partial;  // (rows, parts)
  int64_t parts;
  FR_HD float operator()(int64_t row, int64_t part) const { return partial[row * parts + part]; }
};

template <class Map, class Combine, class Finish>
void launch_parts(Device device, const Tile& tile, const Map& map, const Combine& combine,
                  const Finish& finish) {
  if (tile.parts == 1) return launch_rows(device, tile.n, tile.count, map, combine, finish);
  const int64_t width = (tile.count + tile.parts - 1) / tile.parts;
  launch_rows(device, tile.n * tile.parts, width, PartOfRow<Map, Combine>{map, tile.parts, width, tile.count},
              combine, Keep<float>{tile.partial});
  launch_rows(device, tile.n, tile.parts, Part{tile.partial, tile.parts}, combine, finish);
}

template <class Out>
void launch_gradients(Device device, const Tile& tile, const LogitRule& rule, const RowGradient& rows,
                      Out* gradients) {
  if (tile.used != nullptr)
    launch_2d(device, tile.n, tile.count, GradientOfProduct<true, Out>{tile, rule, rows, gradients});
  else
    launch_2d(device, tile.n, tile.count, GradientOfProduct<false, Out>{tile, rule, rows, gradients});
  launch(device, tile.n, StoreTargetGradient<Out>{tile, rows, gradients});
}

}  // namespace

void add_tile(Device device, const Tile& tile, const LogitRule& rule, const RunningSum& running) {
  if (tile.used != nullptr)
    launch_parts(device, tile, StoreLogit<true>{tile, rule}, Max<float>{}, StoreNextMax{running});
  else
    launch_parts(device, tile, StoreLogit<false>{tile, rule}, Max<float>{}, StoreNextMax{running});
  launch_parts(device, tile, ExpOfLogit{tile, running}, Sum<float>{}, AddToSum{running});
}

void tile_gradients(Device device, const Tile& tile, const LogitRule& rule, const RowGradient& rows) {
  if (tile.gradients != nullptr)
    launch_gradients(device, tile, rule, rows, tile.gradients);
  else
    launch_gradients(device, tile, rule, rows, tile.values);
}

}  // namespace fr::head
