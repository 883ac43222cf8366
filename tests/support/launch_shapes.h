// What the tests of launch shapes ask.
#pragma once
#include <doctest/doctest.h>

#include "core/launch_shape.h"

namespace fr::test {

inline void check_allowed(const LaunchShape& shape) {
  CHECK(shape.grid_x >= 1);
  CHECK(shape.grid_x <= 2'147'483'647u);
  CHECK(shape.grid_y >= 1);
  CHECK(shape.grid_y <= 65535u);
  CHECK(shape.block_x >= 1);
  CHECK(shape.block_y >= 1);
  CHECK(shape.block_x * shape.block_y <= 1024);
}

// All of n things, and no block without any.
inline bool just_reaches(int64_t blocks, int64_t of_block, int64_t n) {
  return blocks * of_block >= n && (blocks - 1) * of_block < n;
}

}  // namespace fr::test
