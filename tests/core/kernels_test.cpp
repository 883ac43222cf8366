// The kernels of core/ on a CPU: they do what the CPU's side of the same launches does, by blocks as a GPU is
// given them.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "support/emulated_gpu.h"
// After it:
#include "core/chains_kernels.cuh"
#include "core/counts_kernels.cuh"
#include "core/launch_kernels.cuh"
#include "core/lists_kernels.cuh"
#include "core/select_kernels.cuh"

#include "core/chains.cuh"
#include "core/launch.cuh"
#include "core/lists.cuh"
#include "core/random.h"
#include "core/select.cuh"

using namespace fr;

namespace {

namespace kernels = launch_cuda;

struct Visit {
  int* visits;  // (n)
  void operator()(int64_t i) const { std::atomic_ref(visits[i]).fetch_add(1, std::memory_order_relaxed); }
};

struct Visit2d {
  int* visits;  // (rows, cols)
  int64_t cols;
  void operator()(int64_t row, int64_t col) const { Visit{visits}(row * cols + col); }
};

template <class T>
struct MatrixElement {
  const T* x;  // (rows, cols)
  int64_t cols;
  T operator()(int64_t row, int64_t col) const { return x[row * cols + col]; }
};

template <class T = float>
std::vector<T> random_values(int64_t count, const char* name) {
  std::vector<T> values(static_cast<size_t>(count));
  RandomStream stream(1, name);
  for (T& v : values) v = static_cast<T>(stream.next_normal());
  return values;
}

// Fewer blocks than the work asks for: a loop does the rest, as on a GPU with little room.
LaunchShape few(LaunchShape shape, unsigned x = 2, unsigned y = 3) {
  shape.grid_x = std::min(shape.grid_x, x);
  shape.grid_y = std::min(shape.grid_y, y);
  return shape;
}

template <class T>
void check_rows(int64_t rows, int64_t cols) {
  CAPTURE(rows);
  CAPTURE(cols);
  const std::vector<T> x = random_values<T>(rows * cols, "rows");
  std::vector<T> sums(static_cast<size_t>(rows)), most = sums, sums_of_cpu = sums, most_of_cpu = sums;
  const MatrixElement<T> element{x.data(), cols};
  const LaunchShape shape = few(stride_shape(rows * 32));
  emulated::run(shape, [&] { kernels::rows_kernel(rows, cols, element, Sum<T>{}, Keep<T>{sums.data()}); });
  emulated::run(shape, [&] { kernels::rows_kernel(rows, cols, element, Max<T>{}, Keep<T>{most.data()}); });
  launch_rows(Device::kCpu, rows, cols, element, Sum<T>{}, Keep<T>{sums_of_cpu.data()});
  launch_rows(Device::kCpu, rows, cols, element, Max<T>{}, Keep<T>{most_of_cpu.data()});
  CHECK(sums == sums_of_cpu);
  CHECK(most == most_of_cpu);
}

void check_chains(int64_t rows, int64_t cols, int64_t depth) {
  CAPTURE(rows);
  CAPTURE(cols);
  CAPTURE(depth);
  const int64_t stride = (depth + 7) / 8 * 8, out_stride = cols + 3;
  std::vector<float4> a(static_cast<size_t>(rows * stride / 4)), b(static_cast<size_t>(cols * stride / 4));
  const auto fill = [](std::vector<float4>& to, const char* name) {
    const std::vector<float> values = random_values(4 * std::ssize(to), name);
    for (size_t i = 0; i < to.size(); ++i)
      to[i] = {values[4 * i], values[4 * i + 1], values[4 * i + 2], values[4 * i + 3]};
  };
  fill(a, "a");
  fill(b, "b");
  std::vector<float> out(static_cast<size_t>(rows * out_stride), -77), expected = out;
  ChainTile tile{.a = &a[0].x,
                 .b = &b[0].x,
                 .out = out.data(),
                 .rows = rows,
                 .cols = cols,
                 .depth = depth,
                 .stride = stride,
                 .out_stride = out_stride};
  emulated::run(chain_shape(rows, cols), [&] { kernels::chains_kernel<kernels::kChainDepth>(tile); });
  tile.out = expected.data();
  launch_chains(Device::kCpu, tile);
  CHECK(out == expected);
}

// The elements of a matrix from `least` on.
struct Elements {
  const float* x;  // (rows, cols)
  int64_t cols;
  float least;
  struct Column {
    const float* x;
    int64_t cols, col;
    float least;
    bool passes(int64_t row) const { return x[row * cols + col] >= least; }
    int64_t item(int64_t row) const { return row * cols + col; }
  };
  Column operator()(int64_t col) const { return {x, cols, col, least}; }
};

void check_select(int64_t rows, int64_t cols, float least, int64_t capacity) {
  CAPTURE(rows);
  CAPTURE(cols);
  CAPTURE(least);
  const std::vector<float> x = random_values(rows * cols, "select");
  const Elements passing{x.data(), cols, least};
  const auto selected = [&](std::vector<int64_t>& items, int64_t& count) {
    items.assign(static_cast<size_t>(capacity) + 1, -1);
    count = 0;
    return Selected<int64_t>{items.data(), capacity, &count};
  };
  std::vector<int64_t> items, expected;
  int64_t count = 0, expected_count = 0;
  const Selected<int64_t> to = selected(items, count);
  emulated::run(few(select_shape(rows, cols)), [&] { kernels::select_kernel(rows, cols, passing, to); });
  launch_select(Device::kCpu, rows, cols, passing, selected(expected, expected_count));
  CHECK(count == expected_count);
  CHECK(items.back() == -1);  // nothing beyond the capacity
  std::ranges::sort(items);
  if (count <= capacity) {
    std::ranges::sort(expected);
    CHECK(items == expected);
  } else {
    CHECK(std::ranges::adjacent_find(items) == items.end());
    CHECK(std::all_of(items.begin() + 1, items.end(),
                      [&](int64_t i) { return x[static_cast<size_t>(i)] >= least; }));
  }
}

struct PlaceOf {
  const int* places;  // (rows, cols)
  int64_t cols;
  int operator()(int64_t row, int64_t col) const { return places[row * cols + col]; }
};

}  // namespace

TEST_CASE("emulated GPU: threads that part at a barrier or leave it out are found") {
  const LaunchShape block{.block_x = 64};
  CHECK_THROWS_WITH_AS(emulated::run(block,
                                     [] {
                                       if (threadIdx.x < 40) __syncthreads();
                                     }),
                       doctest::Contains("at __syncthreads"), std::runtime_error);
  std::atomic<int> before = 0;
  emulated::run(block, [&] {
    ++before;
    __syncthreads();
    CHECK(before == 64);
    CHECK(__ballot_sync(~0u, threadIdx.x % 32 < 3) == 7);
  });
}

TEST_CASE("map_kernel and map_2d_kernel visit everything once, however few the blocks are") {
  for (const int64_t n : {1, 255, 256, 257, 2000}) {
    std::vector<int> visits(static_cast<size_t>(n));
    emulated::run(few(stride_shape(n)), [&] { kernels::map_kernel(n, Visit{visits.data()}); });
    CHECK(visits == std::vector<int>(static_cast<size_t>(n), 1));
  }
  for (const int64_t rows : {1, 7}) {
    for (const int64_t cols : {1, 256, 700}) {
      std::vector<int> visits(static_cast<size_t>(rows * cols));
      const Visit2d visit{visits.data(), cols};
      emulated::run(few(stride_2d_shape(rows, cols)), [&] { kernels::map_2d_kernel(rows, cols, visit); });
      CHECK(visits == std::vector<int>(static_cast<size_t>(rows * cols), 1));
    }
  }
}

TEST_CASE("rows_kernel has the bits of the CPU's launch_rows") {
  for (const int64_t rows : {1, 8, 21}) {
    for (const int64_t cols : {1, 31, 32, 33, 200}) {
      check_rows<float>(rows, cols);
      check_rows<double>(rows, cols);  // two words a value
    }
  }
}

TEST_CASE("chains_kernel has the bits of one chain a product") {
  check_chains(1, 1, 1);
  check_chains(129, 5, 8);
  check_chains(3, 131, 15);
  check_chains(130, 260, 33);
}

TEST_CASE("counts_kernel and counts_in_memory_kernel count every element") {
  constexpr int64_t kRows = 7, kCols = 900, kBins = 300;
  std::vector<int> places;
  std::vector<int64_t> expected(kBins, 5);  // added to
  for (const float value : random_values(kRows * kCols, "places")) {
    places.push_back(std::clamp(static_cast<int>(80 * value) + 150, 0, static_cast<int>(kBins) - 1));
    ++expected[static_cast<size_t>(places.back())];
  }
  const PlaceOf place{places.data(), kCols};
  const LaunchShape shape{.grid_x = 3, .block_x = 128};
  std::vector<int64_t> shared(kBins, 5), in_memory = shared;
  emulated::run(
      shape, [&] { kernels::counts_kernel(kRows, kCols, place, shared.data(), kBins); }, kBins * 4);
  emulated::run(shape, [&] { kernels::counts_in_memory_kernel(kRows, kCols, place, in_memory.data()); });
  CHECK(shared == expected);
  CHECK(in_memory == expected);
}

TEST_CASE("select_kernel appends what passes, once, and no more than there is room for") {
  for (const float least : {-9.0f, 0.5f, 9.0f}) {
    check_select(1, 1, least, 10);
    check_select(3, 300, least, 1000);
    check_select(70, 257, least, 20'000);
  }
  check_select(40, 300, 0, 1000);  // about 6,000 pass
}

TEST_CASE("link_kernel puts every item into the list of its key, once") {
  constexpr int64_t kItems = 1500;
  constexpr int32_t kKeys = 61;
  std::vector<int32_t> heads(kKeys, -1), next(kItems, -2);
  const auto key = [](int64_t i) { return static_cast<int32_t>(i * i % kKeys); };
  emulated::run(few(stride_shape(kItems)),
                [&] { kernels::link_kernel(kItems, key, heads.data(), next.data()); });
  std::vector<int> visits(kItems);
  for (int32_t k = 0; k < kKeys; ++k) {
    for (int32_t i = heads[static_cast<size_t>(k)]; i >= 0; i = next[static_cast<size_t>(i)]) {
      REQUIRE(key(i) == k);
      ++visits[static_cast<size_t>(i)];
    }
  }
  CHECK(visits == std::vector<int>(kItems, 1));
}
