// The channel kernels of the CUDA backend on a CPU: every element is the functor's own, every sum has the
// order that the block's shape says.
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "support/emulated_gpu.h"
// After it:
#include "backend/cuda/channel_kernels.cuh"

#include "backend/cuda/channels.cuh"
#include "core/bf16.h"
#include "core/random.h"

using namespace fr;

namespace {

// Values of one dtype, where 16 bytes may be read at a time.
template <class T>
class Matrix {
 public:
  Matrix(int64_t count, const char* name) : words_(static_cast<size_t>(count) * sizeof(T) / 16 + 1) {
    RandomStream stream(7, name);
    for (int64_t i = 0; i < count; ++i) data()[i] = T(stream.next_uniform(-2, 2));
  }
  T* data() { return reinterpret_cast<T*>(words_.data()); }
  const T* data() const { return reinterpret_cast<const T*>(words_.data()); }
  float operator[](int64_t i) const { return static_cast<float>(data()[i]); }

 private:
  std::vector<uint4> words_;
};

std::vector<float> random(int64_t count, const char* name) {
  std::vector<float> values(static_cast<size_t>(count));
  RandomStream stream(8, name);
  for (float& value : values) value = stream.next_uniform(0.2f, 1.5f);
  return values;
}

struct Parameters {
  std::vector<float> mean, variance, gamma, beta, slope;
  explicit Parameters(int64_t channels)
      : mean(random(channels, "mean")),
        variance(random(channels, "variance")),
        gamma(random(channels, "gamma")),
        beta(random(channels, "beta")),
        slope(random(channels, "slope")) {}
  cuda::Affine affine() const {
    return {.mean = mean.data(),
            .variance = variance.data(),
            .gamma = gamma.data(),
            .beta = beta.data(),
            .slope = slope.data(),
            .eps = 1e-5f};
  }
};

template <class T, int V>
void check_map(int64_t rows, int64_t channels, bool with_b) {
  const Parameters parameters(channels);
  const cuda::Normalise f{parameters.affine()};
  const Matrix<T> a(rows * channels, "a"), b(rows * channels, "b");
  Matrix<T> y = a;  // in place
  LaunchShape shape = cuda::map_shape(rows, channels / V);
  shape.grid_y = std::min(shape.grid_y, 2u);  // a loop does the rest
  emulated::run(shape, [&] {
    cuda::map_channels_kernel<T, V>(rows, channels, y.data(), with_b ? b.data() : nullptr, y.data(), f);
  });
  int64_t wrong = 0;
  for (int64_t i = 0; i < rows * channels; ++i) {
    const float value = f(f.channel(i % channels, 0), a[i], with_b ? b[i] : 0.0f);
    wrong += y[i] != static_cast<float>(T(value));
  }
  CHECK(wrong == 0);
}

// Thread y of a block's column adds up rows y, y + height, … of its chunk; halves are added to halves.
template <class T, class F>
std::vector<float> sums_in_order(const F& f, int64_t rows, int64_t channels, unsigned height,
                                 const Matrix<T>& a, const Matrix<T>& b) {
  struct Thread {
    float sums[F::kSums] = {};
  };
  const cuda::Chunks chunks = cuda::chunks_for(rows);
  std::vector<float> partial(static_cast<size_t>(chunks.count() * F::kSums * channels));
  for (int64_t i = 0; i < chunks.count(); ++i) {
    for (int64_t c = 0; c < channels; ++c) {
      const int64_t begin = i * chunks.chunk;
      const auto channel = f.channel(c, a[begin * channels + c]);
      std::vector<Thread> threads(height);
      for (int64_t r = 0; r < chunks.size(i); ++r) {
        const int64_t at = (begin + r) * channels + c;
        f(channel, a[at], b[at], threads[static_cast<size_t>(r % height)].sums);
      }
      for (unsigned half = height / 2; half > 0; half /= 2) {
        for (unsigned t = 0; t < half; ++t) {
          for (int k = 0; k < F::kSums; ++k) threads[t].sums[k] += threads[t + half].sums[k];
        }
      }
      for (int k = 0; k < F::kSums; ++k)
        partial[static_cast<size_t>((i * F::kSums + k) * channels + c)] = threads[0].sums[k];
    }
  }
  return partial;
}

template <class T, int V, class F>
void check_sums(int64_t rows, int64_t channels, const F& f) {
  const Matrix<T> a(rows * channels, "a"), b(rows * channels, "b");
  Matrix<T> y(rows * channels, "y");
  const LaunchShape shape = cuda::sum_shape(rows, channels / V);
  const std::vector<float> expected = sums_in_order(f, rows, channels, shape.block_y, a, b);
  std::vector<float> partial(expected.size(), -1);
  emulated::run(shape, [&] {
    cuda::sum_channels_kernel<T, V>(cuda::chunks_for(rows), channels, a.data(), b.data(), y.data(), f,
                                    partial.data());
  });
  CHECK(partial == expected);
  int64_t wrong = 0;
  for (int64_t i = 0; i < rows * channels; ++i) {
    float sums[F::kSums] = {};
    wrong += y[i] != static_cast<float>(T(f(f.channel(i % channels, a[i]), a[i], b[i], sums)));
  }
  CHECK(wrong == 0);
}

template <class T, int V>
void check_all(int64_t rows, int64_t channels) {
  CAPTURE(rows);
  CAPTURE(channels);
  CAPTURE(V);
  check_map<T, V>(rows, channels, false);
  check_map<T, V>(rows, channels, true);
  const Parameters parameters(channels);
  check_sums<T, V>(rows, channels, cuda::MomentSums{});
  check_sums<T, V>(rows, channels, cuda::BackwardSums{parameters.affine()});
  check_sums<T, V>(rows, channels, cuda::PreluBackward{parameters.slope.data()});
}

}  // namespace

TEST_CASE("channel kernels, a value at a time: rows and channels that fill no block") {
  check_all<float, 1>(1, 1);
  check_all<float, 1>(70, 3);
  check_all<float, 1>(67, 65);
  check_all<Bf16, 1>(130, 7);
}

TEST_CASE("channel kernels, 16 bytes at a time") {
  check_all<float, 4>(1, 4);
  check_all<float, 4>(200, 64);
  check_all<float, 4>(65, 260);
  check_all<Bf16, 8>(3, 8);
  check_all<Bf16, 8>(190, 64);
  check_all<Bf16, 8>(129, 520);
}
