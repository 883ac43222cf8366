#include "backend/onednn/winograd.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "backend/checks.h"
#include "core/parallel.h"

// Vectors never cross a call that is not inlined, so the calling conventions g++ warns about do not matter.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace fr::onednn {

namespace {

constexpr int64_t kLanes = 8;         // channels of a block
constexpr int64_t kColumns = 16;      // output channels of a product: two blocks
constexpr int64_t kRows = 6;          // tiles of a product
constexpr int64_t kPoints = 16;       // 4 x 4 of a transformed tile
constexpr int64_t kVFloats = 49'152;  // of the transformed inputs of a block of tiles: they stay in L2

typedef float Floats __attribute__((vector_size(4 * kLanes)));

inline Floats load(const float* from) {
  Floats v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
inline void store(float* to, const Floats& v) { std::memcpy(to, &v, sizeof v); }

// The 2 x 2 outputs of tile t of all images.
struct Tiles {
  int64_t rows, columns, images;
  explicit Tiles(Shape s) : rows((s.h + 1) / 2), columns((s.w + 1) / 2), images(s.n) {}
  int64_t count() const { return images * rows * columns; }
};
struct Place {
  int64_t n, y, x;  // of the first output
};
Place place_of(const Tiles& tiles, int64_t t) {
  return {t / (tiles.rows * tiles.columns), t / tiles.columns % tiles.rows * 2, t % tiles.columns * 2};
}

// u = G w G^T; points u (4 x 4) are `stride` floats apart.
void transform_weights(const float w[9], float* u, int64_t stride) {
  float half[4][3];
  for (int c = 0; c < 3; ++c) {
    const float a = w[c], b = w[3 + c], d = w[6 + c];
    half[0][c] = a;
    half[1][c] = (a + b + d) * 0.5f;
    half[2][c] = (a - b + d) * 0.5f;
    half[3][c] = d;
  }
  for (int r = 0; r < 4; ++r) {
    const float a = half[r][0], b = half[r][1], d = half[r][2];
    u[(r * 4 + 0) * stride] = a;
    u[(r * 4 + 1) * stride] = (a + b + d) * 0.5f;
    u[(r * 4 + 2) * stride] = (a - b + d) * 0.5f;
    u[(r * 4 + 3) * stride] = d;
  }
}

// Transformed weights (outputs / 16, 16 points, inputs, 16). weight(o, i, w) writes the 9 of a pair of
// channels.
template <class Weight>
void transform_all(int64_t outputs, int64_t inputs, float* u, const Weight& weight) {
  parallel_for(outputs / kColumns * inputs, [&](int64_t task) {
    const int64_t block = task / inputs, i = task % inputs;
    float* const to = u + (block * kPoints * inputs + i) * kColumns;
    for (int64_t lane = 0; lane < kColumns; ++lane) {
      float w[9];
      weight(block * kColumns + lane, i, w);
      transform_weights(w, to + lane, inputs * kColumns);
    }
  });
}

// One row or column of B^T d.
inline void input_step(const Floats& a, const Floats& b, const Floats& c, const Floats& d, Floats* t,
                       int64_t step) {
  t[0] = a - c;
  t[step] = b + c;
  t[2 * step] = c - b;
  t[3 * step] = b - d;
}

// v = B^T d B of the 4 x 4 inputs around a tile, 8 channels; points of v are `stride` floats apart.
void transform_input(const View& x, const Place& at, int64_t channel, float* v, int64_t stride) {
  const int64_t h = x.shape.h, w = x.shape.w;
  const float* const plane = x.f32() + offset_of(x, at.n, channel, 0);
  Floats t[16];
  for (int64_t c = 0; c < 4; ++c) {
    const int64_t column = at.x - 1 + c;
    Floats d[4];
    for (int64_t r = 0; r < 4; ++r) {
      const int64_t row = at.y - 1 + r;
      const bool inside = row >= 0 && row < h && column >= 0 && column < w;
      d[r] = inside ? load(plane + (row * w + column) * kLanes) : Floats{};
    }
    input_step(d[0], d[1], d[2], d[3], t + c, 4);
  }
  for (int64_t r = 0; r < 4; ++r) {
    Floats out[4];
    input_step(t[r * 4], t[r * 4 + 1], t[r * 4 + 2], t[r * 4 + 3], out, 1);
    for (int64_t c = 0; c < 4; ++c) store(v + (r * 4 + c) * stride, out[c]);
  }
}

// PReLU(v + bias) + residual for the 8 channels from `channel` on, `at` floats into the result.
struct Finish {
  const ConvEpilogue& epilogue;
  const float* residual;  // null: none
  Floats operator()(Floats v, int64_t channel, int64_t at) const {
    if (epilogue.bias != nullptr) v += load(epilogue.bias + channel);
    if (epilogue.slope != nullptr) v = v > 0 ? v : v * load(epilogue.slope + channel);
    if (residual != nullptr) v += load(residual + at);
    return v;
  }
};

// y = A^T m A, finished: the 2 x 2 outputs of a tile, 8 channels, where they lie inside the plane.
void transform_output(const float* m, int64_t stride, const Place& at, int64_t channel, const Finish& finish,
                      const View& y) {
  Floats t[2][4];
  for (int64_t c = 0; c < 4; ++c) {
    const Floats a = load(m + c * stride), b = load(m + (4 + c) * stride), d = load(m + (8 + c) * stride),
                 e = load(m + (12 + c) * stride);
    t[0][c] = a + b + d;
    t[1][c] = b - d - e;
  }
  const int64_t plane = offset_of(y, at.n, channel, 0);
  for (int64_t r = 0; r < 2 && at.y + r < y.shape.h; ++r) {
    const int64_t to = plane + ((at.y + r) * y.shape.w + at.x) * kLanes;
    store(y.f32() + to, finish(t[r][0] + t[r][1] + t[r][2], channel, to));
    if (at.x + 1 < y.shape.w) {
      store(y.f32() + to + kLanes, finish(t[r][1] - t[r][2] - t[r][3], channel, to + kLanes));
    }
  }
}

// m (6, 16) = v (6 rows of `depth`) u (depth, 16).
void multiply(int64_t depth, const float* v, const float* u, float* m) {
  float sum[kRows][kColumns] = {};
  for (int64_t k = 0; k < depth; ++k) {
#pragma GCC unroll 6
    for (int64_t r = 0; r < kRows; ++r) {
#pragma omp simd
      for (int64_t c = 0; c < kColumns; ++c) {
        sum[r][c] = std::fma(v[r * depth + k], u[k * kColumns + c], sum[r][c]);
      }
    }
  }
  std::memcpy(m, sum, sizeof sum);
}

}  // namespace

bool has_winograd(const ConvGeometry& g, const View& x, const View& y) {
  constexpr int64_t least_plane = int64_t{14} * 14, least_channels = 32;
  return g.kernel == 3 && g.stride == 1 && g.pad == 1 && g.groups == 1 && x.layout.block == kLanes &&
         y.layout.block == kLanes && y.shape.c % kColumns == 0 && x.shape.c % kColumns == 0 &&
         std::min(x.shape.c, y.shape.c) >= least_channels && x.shape.plane() >= least_plane;
}

void Winograd::set_weights(const float* w, int64_t outputs, int64_t inputs) {
  transform_all(outputs, inputs, weights_.reserve_f32(kPoints * inputs * outputs),
                [=](int64_t o, int64_t i, float* to) { std::copy_n(w + (o * inputs + i) * 9, 9, to); });
}

void Winograd::set_transposed_weights(const float* w, int64_t outputs, int64_t inputs) {
  transform_all(inputs, outputs, weights_.reserve_f32(kPoints * inputs * outputs),
                [=](int64_t i, int64_t o, float* to) {
                  std::reverse_copy(w + (o * inputs + i) * 9, w + (o * inputs + i) * 9 + 9, to);
                });
}

void Winograd::run(const View& x, const View& y, const ConvEpilogue& epilogue, const View& residual) {
  const Tiles tiles(y.shape);
  const int64_t inputs = x.shape.c, outputs = y.shape.c;
  const Finish finish{epilogue, is_empty(residual) ? nullptr : residual.f32()};
  // Runs of rows of products, about equally long; their number is a multiple of the threads.
  const int64_t rows = (tiles.count() + kRows - 1) / kRows, threads = thread_count();
  const int64_t most = std::max(kVFloats / (kPoints * inputs * kRows), int64_t{1});
  const int64_t tasks = (rows + most * threads - 1) / (most * threads) * threads;
  const int64_t block = (rows + tasks - 1) / tasks * kRows;
  const int64_t v_floats = kPoints * block * inputs, m_floats = kPoints * block * kColumns;
  const auto* const u = reinterpret_cast<const float*>(weights_.data());
  float* const buffers = buffers_.reserve_f32(threads * (v_floats + m_floats));
#pragma omp parallel for schedule(dynamic)
  for (int64_t task = 0; task < tasks; ++task) {
    float* const v = buffers + omp_get_thread_num() * (v_floats + m_floats);  // (points, tiles, inputs)
    float* const m = v + v_floats;                                            // (points, tiles, 16)
    const int64_t first = task * rows / tasks * kRows;
    const int64_t count = std::min((task + 1) * rows / tasks * kRows, tiles.count()) - first;
    for (int64_t t = 0; t < count; ++t) {
      const Place at = place_of(tiles, first + t);
      for (int64_t c = 0; c < inputs; c += kLanes) {
        transform_input(x, at, c, v + t * inputs + c, block * inputs);
      }
    }
    for (int64_t o = 0; o < outputs; o += kColumns) {
      for (int64_t point = 0; point < kPoints; ++point) {
        const float* const weights = u + (o / kColumns * kPoints + point) * inputs * kColumns;
        for (int64_t t = 0; t < count; t += kRows) {  // the last rows may be of an earlier block: unused
          multiply(inputs, v + (point * block + t) * inputs, weights, m + (point * block + t) * kColumns);
        }
      }
      for (int64_t t = 0; t < count; ++t) {
        const Place at = place_of(tiles, first + t);
        for (int64_t half = 0; half < kColumns; half += kLanes) {
          transform_output(m + t * kColumns + half, block * kColumns, at, o + half, finish, y);
        }
      }
    }
  }
}

}  // namespace fr::onednn
