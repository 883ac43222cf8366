#include "backend/onednn/weights3x3.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "backend/checks.h"
#include "core/parallel.h"

namespace fr::onednn {

namespace {

constexpr int64_t kLanes = 8;    // channels of a block
constexpr int64_t kOutputs = 4;  // of a block, summed at a time
constexpr int64_t kTile =
    9 * kLanes * kLanes;              // sums of two blocks: kernel row, output, kernel column, input
constexpr int64_t kPositions = 1600;  // of a chunk: its blocks of x and dy stay in the caches

// Output rows [row, row + rows) of image n.
struct Segment {
  int64_t n = 0, row = 0, rows = 0;
};

// Cuts all output rows into chunks of about kPositions: whole images where they are small.
std::vector<std::vector<Segment>> cut(Shape y) {
  std::vector<std::vector<Segment>> chunks;
  if (y.plane() <= kPositions) {
    const int64_t images = kPositions / y.plane();
    for (int64_t n = 0; n < y.n; ++n) {
      if (n % images == 0) chunks.emplace_back();
      chunks.back().push_back({n, 0, y.h});
    }
    return chunks;
  }
  const int64_t pieces = (y.plane() + kPositions - 1) / kPositions;
  for (int64_t n = 0; n < y.n; ++n) {
    for (int64_t i = 0; i < pieces; ++i) {
      const int64_t begin = y.h * i / pieces, end = y.h * (i + 1) / pieces;
      if (end > begin) chunks.push_back({{n, begin, end - begin}});
    }
  }
  return chunks;
}

// The rows of one block of x that a segment meets, with a column of zeros on either side and rows of zeros
// above and below the image.
int64_t padded_rows(const Segment& s, int64_t stride) { return (s.rows - 1) * stride + 3; }

float* pad(const View& x, const Segment& s, int64_t stride, int64_t channel, float* to) {
  const int64_t width = x.shape.w * kLanes;
  for (int64_t i = 0; i < padded_rows(s, stride); ++i) {
    const int64_t row = s.row * stride - 1 + i;
    std::fill_n(to, kLanes, 0.0f);
    if (row < 0 || row >= x.shape.h) {
      std::fill_n(to + kLanes, width, 0.0f);
    } else {
      std::copy_n(x.f32() + offset_of(x, s.n, channel, row * x.shape.w), width, to + kLanes);
    }
    std::fill_n(to + kLanes + width, kLanes, 0.0f);
    to += width + 2 * kLanes;
  }
  return to;
}

typedef float Floats __attribute__((vector_size(4 * kLanes)));

inline Floats load(const float* from) {
  Floats v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

inline Floats fused(float a, Floats b, Floats c) {
  for (int64_t l = 0; l < kLanes; ++l) c[l] = std::fma(a, b[l], c[l]);
  return c;
}

// sums (4, 3, 8) += over one segment of dy[position][output] x[position at kernel column j][input]. x: the
// first padded row of this kernel row; dy: the first of the four outputs.
template <int64_t kStride>
void add_segment(const float* x, int64_t x_row, const float* dy, int64_t rows, int64_t width, float* sums) {
  Floats sum[kOutputs][3];
  std::memcpy(sum, sums, sizeof sum);
  for (int64_t row = 0; row < rows; ++row) {
    const float* from = x + row * kStride * x_row;
    const float* d = dy + row * width * kLanes;
    for (int64_t w = 0; w < width; ++w, from += kStride * kLanes, d += kLanes) {
      const Floats x0 = load(from), x1 = load(from + kLanes), x2 = load(from + 2 * kLanes);
#pragma GCC unroll 4
      for (int64_t o = 0; o < kOutputs; ++o) {
        sum[o][0] = fused(d[o], x0, sum[o][0]);
        sum[o][1] = fused(d[o], x1, sum[o][1]);
        sum[o][2] = fused(d[o], x2, sum[o][2]);
      }
    }
  }
  std::memcpy(sums, sum, sizeof sum);
}

// One chunk for one block of inputs: padded (of all its segments), sums (output blocks, kTile) from
// `first_block` on.
void add_chunk(const std::vector<Segment>& chunk, int64_t stride, int64_t x_width, const float* padded,
               const View& dy, int64_t first_block, int64_t last_block, float* sums) {
  const int64_t x_row = (x_width + 2) * kLanes;
  for (int64_t block = first_block; block < last_block; ++block) {
    const float* x = padded;
    for (const Segment& s : chunk) {
      const float* d = dy.f32() + offset_of(dy, s.n, block * kLanes, s.row * dy.shape.w);
      for (int64_t i = 0; i < 3 * kLanes / kOutputs; ++i) {
        const int64_t kernel_row = i / (kLanes / kOutputs), output = i % (kLanes / kOutputs) * kOutputs;
        float* to = sums + block * kTile + i * kOutputs * 3 * kLanes;
        const auto add = stride == 1 ? add_segment<1> : add_segment<2>;
        add(x + kernel_row * x_row, x_row, d + output, s.rows, dy.shape.w, to);
      }
      x += padded_rows(s, stride) * x_row;
    }
  }
}

}  // namespace

bool has_weights3x3(const ConvGeometry& g, const View& x, const View& dy) {
  const auto blocked = [](const View& v) { return v.layout.block == kLanes; };
  return g.kernel == 3 && g.pad == 1 && g.groups == 1 && g.stride <= 2 && blocked(x) && blocked(dy);
}

void Weights3x3::add(const ConvGeometry& g, const View& x, const View& dy, float* dw) {
  const std::vector<std::vector<Segment>> chunks = cut(dy.shape);
  const int64_t inputs = x.shape.c / kLanes, outputs = dy.shape.c / kLanes;
  int64_t most = 0;  // floats of a chunk's padded block
  for (const auto& chunk : chunks) {
    int64_t rows = 0;
    for (const Segment& s : chunk) rows += padded_rows(s, g.stride);
    most = std::max(most, rows * (x.shape.w + 2) * kLanes);
  }
  // Few blocks of inputs: their outputs are shared out as well.
  const int64_t shares = std::clamp<int64_t>(int64_t{2} * thread_count() / inputs, 1, outputs);
  float* const padded = padded_.reserve_f32(thread_count() * most);
  float* const sums = sums_.reserve_f32(inputs * outputs * kTile);

  parallel_for(inputs * outputs, [&](int64_t i) { std::fill_n(sums + i * kTile, kTile, 0.0f); });
#pragma omp parallel for schedule(dynamic)
  for (int64_t task = 0; task < inputs * shares; ++task) {
    const int64_t input = task / shares, share = task % shares;
    float* const mine = padded + omp_get_thread_num() * most;
    for (const auto& chunk : chunks) {
      float* end = mine;
      for (const Segment& s : chunk) end = pad(x, s, g.stride, input * kLanes, end);
      add_chunk(chunk, g.stride, x.shape.w, mine, dy, outputs * share / shares,
                outputs * (share + 1) / shares, sums + input * outputs * kTile);
    }
  }
  parallel_for(dy.shape.c, [&](int64_t k) {
    float* to = dw + k * x.shape.c * 9;
    for (int64_t input = 0; input < inputs; ++input) {
      const float* tile = sums + (input * outputs + k / kLanes) * kTile + k % kLanes * 3 * kLanes;
      for (int64_t l = 0; l < kLanes; ++l, to += 9) {
        for (int64_t row = 0; row < 3; ++row) {
          for (int64_t column = 0; column < 3; ++column) {
            to[row * 3 + column] += tile[(row * kLanes * 3 + column) * kLanes + l];
          }
        }
      }
    }
  });
}

}  // namespace fr::onednn
