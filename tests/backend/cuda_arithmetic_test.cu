// The cuda backend's arithmetic on the host, against ref: what its kernels do to an element, how sums over
// chunks of rows are put together, where elements go. Runs without a GPU; the kernels themselves do not.
#include <cmath>
#include <numeric>
#include <vector>

#include "backend/cuda/channels.cuh"
#include "backend/cuda/combine.cuh"
#include "backend/cuda/elements.cuh"
#include "backend/cuda/im2col.cuh"
#include "backend/cuda/pool.h"
#include "backend/harness.h"
#include "core/launch.cuh"

using namespace fr;
using namespace fr::test;

namespace {

std::vector<float> uniform(int64_t count, const char* name, float low = -1, float high = 1) {
  std::vector<float> values(static_cast<size_t>(count));
  RandomStream stream(5, name);
  for (float& value : values) value = stream.next_uniform(low, high);
  return values;
}

// What sum_channels does, without its vectors and its tree.
template <class F>
std::vector<float> chunk_sums(const F& f, const cuda::Chunks& chunks, int64_t channels, const float* a,
                              const float* b, float* y) {
  std::vector<float> partial(static_cast<size_t>(chunks.count() * F::kSums * channels));
  for (int64_t i = 0; i < chunks.count(); ++i) {
    for (int64_t c = 0; c < channels; ++c) {
      const int64_t begin = i * chunks.chunk;
      const auto channel = f.channel(c, a[begin * channels + c]);
      float sums[F::kSums] = {};
      for (int64_t row = begin; row < begin + chunks.size(i); ++row) {
        const int64_t at = row * channels + c;
        const float value = f(channel, a[at], b != nullptr ? b[at] : 0.0f, sums);
        if (y != nullptr) y[at] = value;
      }
      for (int k = 0; k < F::kSums; ++k)
        partial[static_cast<size_t>((i * F::kSums + k) * channels + c)] = sums[k];
    }
  }
  return partial;
}

template <class F>
std::vector<float> mapped(const F& f, int64_t rows, int64_t channels, const float* a, const float* b) {
  std::vector<float> y(static_cast<size_t>(rows * channels));
  for (int64_t c = 0; c < channels; ++c) {
    const auto channel = f.channel(c, 0.0f);
    for (int64_t at = c; at < rows * channels; at += channels)
      y[static_cast<size_t>(at)] = f(channel, a[at], b != nullptr ? b[at] : 0.0f);
  }
  return y;
}

void check_alike(const std::vector<float>& result, const std::vector<float>& expected) {
  CHECK(difference(result, expected, tolerance(DType::kF32)) == "");
}

// x and dy near `centre`, in chunks of 13 rows; with or without a PReLU.
void check_batch_norm(const Shape& s, float centre, bool bent) {
  const auto ref = make_backend("ref");
  const int64_t rows = s.n * s.plane(), channels = s.c;
  const Layout layout{s.c};
  std::vector<float> x = uniform(s.count(), "x", centre - 1, centre + 1), dy = uniform(s.count(), "dy");
  std::vector<float> residual = uniform(s.count(), "residual");
  const std::vector<float> gamma = uniform(s.c, "gamma", 0.5f, 1.5f), beta = uniform(s.c, "beta");
  const std::vector<float> slope = uniform(s.c, "slope", -0.2f, 0.4f);
  const BatchNorm bn{gamma.data(), beta.data(), bent ? slope.data() : nullptr};
  const auto view = [&](std::vector<float>& values) { return View{values.data(), s, layout, DType::kF32}; };
  std::vector<float> mean(gamma.size()), variance(gamma.size()), y(x.size()), dx(x.size());
  std::vector<float> dgamma = uniform(s.c, "dgamma"), dbeta = uniform(s.c, "dbeta"), dslope = dbeta;
  std::vector<float> own_dgamma = dgamma, own_dbeta = dbeta, own_dslope = dslope;
  ref->batch_norm_train(bn, view(x), view(residual), view(y), mean.data(), variance.data());
  ref->batch_norm_backward(bn, view(x), view(dy), mean.data(), variance.data(), view(dx),
                           {dgamma.data(), dbeta.data(), bent ? dslope.data() : nullptr});

  const cuda::Chunks chunks{rows, 13};
  std::vector<float> own_mean(mean.size()), own_variance(mean.size()), means(2 * mean.size());
  const std::vector<float> moments =
      chunk_sums(cuda::MomentSums{}, chunks, channels, x.data(), nullptr, nullptr);
  launch_rows(Device::kCpu, channels, chunks.count(),
              cuda::ChunkMoments{chunks, moments.data(), cuda::Elements(view(x)), channels},
              cuda::MergeMoments{}, cuda::StoreMoments{own_mean.data(), own_variance.data()});
  check_alike(own_mean, mean);
  check_alike(own_variance, variance);

  const cuda::Affine affine = cuda::affine_of(bn, own_mean.data(), own_variance.data());
  check_alike(mapped(cuda::Normalise{affine}, rows, channels, x.data(), residual.data()), y);

  const std::vector<float> sums =
      chunk_sums(cuda::BackwardSums{affine}, chunks, channels, x.data(), dy.data(), nullptr);
  const BatchNormGradients gradients{own_dgamma.data(), own_dbeta.data(), bent ? own_dslope.data() : nullptr};
  launch_rows(Device::kCpu, channels, chunks.count(), cuda::ChunkSums<3>{sums.data(), channels},
              cuda::AddSums<3>{},
              cuda::StoreBackward{gradients, means.data(), channels, static_cast<double>(rows)});
  check_alike(own_dgamma, dgamma);
  check_alike(own_dbeta, dbeta);
  check_alike(own_dslope, dslope);
  const cuda::BatchNormDx to_dx{affine, means.data(), channels};
  check_alike(mapped(to_dx, rows, channels, x.data(), dy.data()), dx);
}

struct Columns {
  ConvGeometry g;
  Shape x;
  int64_t outputs;
};

// The three products of convolution_im2col.cu with ref's gemm, one group after the other.
void check_columns(const Columns& c) {
  const auto ref = make_backend("ref");
  const ConvGeometry g = c.g;
  const Shape y{c.x.n, c.outputs, conv_output_size(g, c.x.h), conv_output_size(g, c.x.w)};
  const int64_t taps = g.kernel * g.kernel, inputs = c.x.c / g.groups, outputs = c.outputs / g.groups;
  const int64_t weights = c.outputs * inputs * taps, inner = taps * inputs;
  std::vector<float> x = uniform(c.x.count(), "x"), dy = uniform(y.count(), "dy");
  std::vector<float> w = uniform(weights, "w"), krsc(w.size());
  std::vector<float> dw = uniform(weights, "dw"), own_dw = dw, dw_krsc(w.size());
  std::vector<float> out(dy.size()), dx(x.size()), own_out(dy.size()), own_dx(x.size());
  const View in_view{x.data(), c.x, {c.x.c}}, dx_view{dx.data(), c.x, {c.x.c}};
  const View out_view{out.data(), y, {y.c}}, dy_view{dy.data(), y, {y.c}};
  ref->conv_forward(g, in_view, w.data(), out_view);
  ref->conv_backward_data(g, dy_view, w.data(), dx_view);
  ref->conv_backward_weights(g, in_view, dy_view, dw.data());

  const cuda::Krsc order{taps, inputs};
  const cuda::ColumnPlaces at(g, c.x, y, c.x.n);
  std::vector<float> columns(static_cast<size_t>(at.columns())), gradient(columns.size());
  launch(Device::kCpu, weights, cuda::ToKrsc{order, w.data(), cuda::Elements(krsc.data(), DType::kF32)});
  launch(Device::kCpu, at.columns(), cuda::ToColumns<float>{at, x.data(), columns.data()});
  for (int64_t group = 0; group < g.groups; ++group) {
    const float* const of_columns = columns.data() + group * at.positions * inner;
    const float* const of_w = krsc.data() + group * outputs * inner;
    ref->gemm({.transpose_b = true,
               .m = at.positions,
               .n = outputs,
               .k = inner,
               .lda = inner,
               .ldb = inner,
               .ldc = y.c},
              of_columns, of_w, own_out.data() + group * outputs);
    ref->gemm({.m = at.positions, .n = inner, .k = outputs, .lda = y.c, .ldb = inner, .ldc = inner},
              dy.data() + group * outputs, of_w, gradient.data() + group * at.positions * inner);
    ref->gemm({.transpose_a = true,
               .m = outputs,
               .n = inner,
               .k = at.positions,
               .lda = y.c,
               .ldb = inner,
               .ldc = inner},
              dy.data() + group * outputs, of_columns, dw_krsc.data() + group * outputs * inner);
  }
  launch(Device::kCpu, c.x.count(), cuda::FromColumns<float>{at, gradient.data(), own_dx.data()});
  launch(Device::kCpu, weights,
         cuda::AddKrsc{order, cuda::Elements(dw_krsc.data(), DType::kF32), own_dw.data()});
  check_alike(own_out, out);
  check_alike(own_dx, dx);
  check_alike(own_dw, dw);
}

}  // namespace

TEST_CASE("cuda: batch norm's arithmetic is ref's") {
  for (const bool bent : {false, true}) {
    check_batch_norm({4, 1, 1, 1}, 0, bent);
    check_batch_norm({3, 7, 5, 9}, 0, bent);
    check_batch_norm({2, 16, 13, 13}, 0, bent);
    check_batch_norm({4, 6, 9, 9}, 10.5f, bent);
  }
}

TEST_CASE("cuda: PReLU's arithmetic is ref's") {
  const auto ref = make_backend("ref");
  const Shape s{3, 5, 7, 4};
  std::vector<float> x = uniform(s.count(), "x"), dy = uniform(s.count(), "dy"), y(x.size()), dx(x.size());
  x[7] = 0;
  const std::vector<float> slope = uniform(s.c, "slope", -0.2f, 0.4f);
  std::vector<float> dslope = uniform(s.c, "dslope"), own_dslope = dslope, own_dx(x.size());
  const auto view = [&](std::vector<float>& values) { return View{values.data(), s, {s.c}}; };
  ref->prelu_forward(view(x), slope.data(), view(y));
  ref->prelu_backward(view(x), slope.data(), view(dy), view(dx), dslope.data());
  const int64_t rows = s.n * s.plane();
  check_alike(mapped(cuda::Normalise{{.slope = slope.data()}}, rows, s.c, x.data(), nullptr), y);
  const cuda::Chunks chunks{rows, 10};
  const std::vector<float> sums =
      chunk_sums(cuda::PreluBackward{slope.data()}, chunks, s.c, x.data(), dy.data(), own_dx.data());
  launch_rows(Device::kCpu, s.c, chunks.count(), cuda::ChunkSums<1>{sums.data(), s.c}, cuda::AddSums<1>{},
              cuda::AddTo{own_dslope.data()});
  check_alike(own_dx, dx);
  check_alike(own_dslope, dslope);
}

TEST_CASE("cuda: reorders take every element to its place") {
  const auto ref = make_backend("ref");
  const Shape s{2, 48, 5, 3};
  std::vector<float> x = uniform(s.count(), "x"), expected(x.size()), result(x.size());
  for (const int64_t from : {1, 8, 16, 48}) {
    for (const int64_t to : {1, 8, 16, 48}) {
      const View src{x.data(), s, {from}}, dst{result.data(), s, {to}};
      ref->reorder(src, {expected.data(), s, {to}});
      launch(Device::kCpu, s.count(), cuda::Reorder<uint32_t>(src, dst));
      CHECK(result == expected);
      launch(Device::kCpu, s.count(), cuda::Reorder<uint64_t>(src, dst));
      CHECK(result == expected);
    }
  }
  std::vector<Bf16> half(x.size());
  const cuda::Elements floats(x.data(), DType::kF32), halves(half.data(), DType::kBf16);
  launch(Device::kCpu, s.count(), cuda::Convert{floats, halves});
  launch(Device::kCpu, s.count(), cuda::AddElements{floats, halves, halves});
  for (size_t i = 0; i < x.size(); ++i) {
    const float there = rounded(x[i], DType::kBf16);
    CHECK(static_cast<float>(half[i]) == rounded(x[i] + there, DType::kBf16));
  }
}

TEST_CASE("cuda: columns of a convolution, and back") {
  check_columns({{1, 1, 0, 1}, {2, 3, 4, 5}, 2});
  check_columns({{3, 1, 1, 1}, {2, 3, 7, 5}, 5});
  check_columns({{3, 2, 1, 1}, {3, 7, 11, 13}, 5});
  check_columns({{1, 2, 0, 1}, {2, 5, 7, 7}, 3});
  check_columns({{2, 2, 0, 1}, {2, 4, 6, 8}, 6});
  check_columns({{7, 1, 0, 5}, {2, 5, 7, 7}, 5});
  check_columns({{3, 1, 1, 4}, {2, 8, 5, 7}, 8});
  check_columns({{3, 2, 1, 2}, {1, 6, 8, 8}, 4});
}

TEST_CASE("cuda: the pool stops growing, and what it gave stays where it is") {
  cuda::Pool pool(Device::kCpu);
  const auto step = [&] {
    const cuda::Pool::Scope scope(pool);
    std::byte* const first = pool.take(1000);
    std::byte* const second = pool.take(cuda::Pool::kLeastBlock);
    std::byte* inner = nullptr;
    {
      const cuda::Pool::Scope nested(pool);
      inner = pool.take(3);
      CHECK(pool.take(3) == inner + cuda::Pool::kAlignment);
    }
    CHECK(pool.take(5) == inner);
    CHECK(first != second);
    return std::pair(first, second);
  };
  const auto places = step();
  const int64_t bytes = pool.bytes();
  CHECK(step() == places);
  CHECK(pool.bytes() == bytes);
  const cuda::Pool::Scope scope(pool);
  pool.take(10 * bytes);  // another, larger user in between
  CHECK(step() == places);
}
