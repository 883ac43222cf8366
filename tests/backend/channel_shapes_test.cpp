// The blocks of the CUDA backend's channel kernels.
#include "backend/cuda/channel_shapes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>

#include "support/launch_shapes.h"

using namespace fr;

TEST_CASE("channel shapes: every row and every group of channels, by blocks whose sums are a tree") {
  for (const int64_t rows :
       {1, 2, 63, 64, 65, 7 * 7, 512 * 7 * 7, 1024 * 64, 1024 * 64 + 1, 512 * 112 * 112, 2048 * 112 * 112}) {
    for (const int64_t groups : {1, 3, 8, 16, 63, 64, 65, 512, 25'088}) {
      CAPTURE(rows);
      CAPTURE(groups);
      const LaunchShape map = cuda::map_shape(rows, groups), sum = cuda::sum_shape(rows, groups);
      for (const LaunchShape& shape : {map, sum}) {
        test::check_allowed(shape);
        CHECK(test::just_reaches(shape.grid_x, shape.block_x, groups));  // no loop over groups
        CHECK(shape.block_x * shape.block_y == cuda::kThreads);          // as much shared memory
        CHECK(std::has_single_bit(shape.block_y));
      }
      CHECK((map.grid_y - int64_t{1}) * map.block_y < rows);

      const cuda::Chunks chunks = cuda::chunks_for(rows);
      CHECK(sum.grid_y == chunks.count());
      CHECK(chunks.count() <= cuda::kMostChunks);
      int64_t all = 0, least = rows;
      for (int64_t i = 0; i < chunks.count(); ++i) {
        all += chunks.size(i);
        least = std::min(least, chunks.size(i));
      }
      CHECK(all == rows);
      CHECK(least > 0);
    }
  }
}
