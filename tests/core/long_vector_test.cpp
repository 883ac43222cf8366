#include "core/long_vector.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

using namespace fr;

namespace {

struct Marked {  // 12 bytes, as a pair's
  int32_t a = 7, b = 0;
  bool same = true;
  bool operator==(const Marked&) const = default;
};

}  // namespace

TEST_CASE("long_vector: as many value-initialised elements as asked for, also in memory used before") {
  for (int round = 0; round < 2; ++round) {
    for (const int64_t count : {0, 1, 1000, 349'525, 349'526, 1'000'003, 3'000'000}) {
      CAPTURE(count);
      std::vector<Marked> values = long_vector<Marked>(count);
      CHECK(std::ssize(values) == count);
      CHECK(std::ranges::count(values, Marked{}) == count);
      for (Marked& value : values) value = {-1, -1, false};
    }
  }
}

TEST_CASE("make_pages changes nothing of what lies in the memory") {
  std::vector<unsigned char> bytes(9'000'001, 0x5a);
  make_pages(bytes.data() + 3, std::ssize(bytes) - 5);
  CHECK(std::ranges::count(bytes, 0x5a) == std::ssize(bytes));
}
