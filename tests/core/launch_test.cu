// launch, launch_rows and launch_link on the CPU: every element once, the documented tree, and bits that do
// not depend on threads. The concepts below also prove that this file was compiled as C++20 by either
// compiler.
#include "core/launch.cuh"

#include <doctest/doctest.h>

#include <cmath>
#include <concepts>
#include <limits>
#include <vector>

#include "core/error.h"
#include "core/lists.cuh"
#include "core/random.h"

using namespace fr;

namespace {

static_assert(std::same_as<decltype(Sum<double>::identity()), double>);

struct CountVisit {
  int* visits;  // (n)
  FR_HD void operator()(int64_t i) const { visits[i] += 1; }
};

struct CountVisit2d {
  int* visits;  // (rows, cols)
  int64_t cols;
  FR_HD void operator()(int64_t row, int64_t col) const { visits[row * cols + col] += 1; }
};

struct MatrixElement {
  const float* x;  // (rows, cols)
  int64_t cols;
  FR_HD float operator()(int64_t row, int64_t col) const { return x[row * cols + col]; }
};

struct KeyOf {
  const int32_t* keys;
  FR_HD int32_t operator()(int64_t i) const { return keys[i]; }
};

std::vector<float> random_values(int64_t count) {
  std::vector<float> values(static_cast<size_t>(count));
  RandomStream stream(1, "launch_test");
  for (float& v : values) v = stream.next_normal();
  return values;
}

// The tree of the comment in launch.cuh, written again from its words.
float documented_sum(const float* x, int64_t cols) {
  float lanes[32] = {};
  for (int64_t c = 0; c < cols; ++c) lanes[c % 32] += x[c];
  for (int half : {16, 8, 4, 2, 1})
    for (int l = 0; l < half; ++l) lanes[l] += lanes[l + half];
  return lanes[0];
}

}  // namespace

TEST_CASE("launch visits every index once") {
  for (const int64_t n : {0, 1, 7, 8191, 8192, 100003}) {
    std::vector<int> visits(static_cast<size_t>(n), 0);
    launch(Device::kCpu, n, CountVisit{visits.data()});
    CHECK(visits == std::vector<int>(static_cast<size_t>(n), 1));
  }
}

TEST_CASE("launch_2d visits every element once") {
  for (const int64_t rows : {1, 3, 131})
    for (const int64_t cols : {1, 31, 257}) {
      std::vector<int> visits(static_cast<size_t>(rows * cols), 0);
      launch_2d(Device::kCpu, rows, cols, CountVisit2d{visits.data(), cols});
      CHECK(visits == std::vector<int>(static_cast<size_t>(rows * cols), 1));
    }
}

TEST_CASE("launch_rows sums by the documented tree, for any number of threads") {
  const int threads = thread_count();
  for (const int64_t cols : {1, 31, 32, 33, 1000}) {
    const int64_t rows = 129;
    const std::vector<float> x = random_values(rows * cols);
    std::vector<float> expected;
    for (int64_t r = 0; r < rows; ++r) expected.push_back(documented_sum(x.data() + r * cols, cols));
    for (const int use : {1, 2, 5}) {
      set_thread_count(use);
      std::vector<float> y(static_cast<size_t>(rows), -1.0f);
      launch_rows(Device::kCpu, rows, cols, MatrixElement{x.data(), cols}, Sum<float>{},
                  Keep<float>{y.data()});
      CHECK(y == expected);
    }
    set_thread_count(threads);
  }
}

TEST_CASE("launch_rows finds maxima, keeps NaN, and gives the identity for no columns") {
  const std::vector<float> x = {-3, -1, -2, 5, std::numeric_limits<float>::quiet_NaN(), 7};
  std::vector<float> y(2);
  launch_rows(Device::kCpu, 2, 3, MatrixElement{x.data(), 3}, Max<float>{}, Keep<float>{y.data()});
  CHECK(y[0] == -1.0f);
  CHECK(std::isnan(y[1]));
  launch_rows(Device::kCpu, 2, 0, MatrixElement{x.data(), 0}, Max<float>{}, Keep<float>{y.data()});
  CHECK(y[0] == -std::numeric_limits<float>::infinity());
}

TEST_CASE("launch_link puts every item into the list of its key, once") {
  constexpr int64_t kItems = 50'000;
  constexpr int32_t kKeys = 613;
  std::vector<int32_t> heads(kKeys, -1), next(kItems, -2), keys(kItems);
  for (int64_t i = 0; i < kItems; ++i) keys[static_cast<size_t>(i)] = static_cast<int32_t>(i * i % kKeys);
  launch_link(Device::kCpu, kItems, KeyOf{keys.data()}, heads.data(), next.data());
  std::vector<int> visits(kItems, 0);
  for (int32_t key = 0; key < kKeys; ++key) {
    for (int32_t i = heads[static_cast<size_t>(key)]; i >= 0; i = next[static_cast<size_t>(i)]) {
      REQUIRE(keys[static_cast<size_t>(i)] == key);
      ++visits[static_cast<size_t>(i)];
    }
  }
  CHECK(visits == std::vector<int>(kItems, 1));
}

TEST_CASE("a build without nvcc refuses the CUDA device in words") {
  if (gpu::kCompiled) return;
  CHECK_THROWS_WITH_AS(launch(Device::kCuda, 1, CountVisit{nullptr}),
                       "device cuda: this build has no CUDA code (nvcc was not found)", Error);
}
