// Launch shapes stay within what every GPU allows (CUDA C++ Programming Guide, "Technical Specifications per
// Compute Capability"), and reach all of what they are for.
#include "core/launch_shape.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "support/launch_shapes.h"

using namespace fr;

namespace {

// Whole networks of 10 M classes of 512 values, and every pair of Trillion-Pairs.
const int64_t kCounts[] = {
    1, 2, 31, 32, 33, 255, 256, 257, 65535ll * 256, 65535ll * 256 + 1, 5'120'000'000, 432'920'000'000};

}  // namespace

TEST_CASE("stride_shape: no more than allowed, no block without work, all of what fits one pass") {
  for (const int64_t n : kCounts) {
    CAPTURE(n);
    const LaunchShape shape = stride_shape(n);
    test::check_allowed(shape);
    CHECK(shape.block_x % 32 == 0);  // launch_rows: whole warps
    CHECK((shape.grid_x - int64_t{1}) * shape.block_x < n);
    CHECK(shape.grid_x >= std::min<int64_t>((n + shape.block_x - 1) / shape.block_x, 16'384));
  }
}

TEST_CASE("stride_2d_shape and select_shape: both sides within the grid") {
  for (const int64_t rows : {1, 31, 32, 33, 65535, 65536, 10'000'000}) {
    for (const int64_t cols : kCounts) {
      CAPTURE(rows);
      CAPTURE(cols);
      const LaunchShape map = stride_2d_shape(rows, cols), select = select_shape(rows, cols);
      test::check_allowed(map);
      test::check_allowed(select);
      CHECK(map.grid_y <= rows);
      CHECK((select.grid_y - int64_t{1}) * kSelectRun < rows);
    }
  }
}

TEST_CASE("chain_shape: blocks of one grid reach every row and column, which no loop would") {
  for (const int64_t rows : {int64_t{1}, int64_t{127}, int64_t{128}, int64_t{129}, kMostChainRows}) {
    for (const int64_t cols : {1, 128, 129, 1'580'000}) {
      CAPTURE(rows);
      CAPTURE(cols);
      const LaunchShape shape = chain_shape(rows, cols);
      test::check_allowed(shape);
      CHECK(shape.block_x == 256);  // 16 x 16 threads, 8 x 8 products each
      CHECK(test::just_reaches(shape.grid_y, kChainSide, rows));
      CHECK(test::just_reaches(shape.grid_x, kChainSide, cols));
    }
  }
}
