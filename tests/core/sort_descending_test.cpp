// sort_descending against std::sort, on spread, bunched, equal and far apart values.
#include "core/sort_descending.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/parallel.h"
#include "core/random.h"

using namespace fr;

TEST_CASE("sorted as std::sort does, for any number of threads") {
  constexpr size_t kCount = 300'000;
  const RandomStream random(3, "sort test");
  std::vector<double> normal(kCount), tied(kCount), far(kCount);
  for (size_t i = 0; i < kCount; ++i) {
    normal[i] = 0.05 * random.normal(i);
    tied[i] = std::round(normal[i] * 100) / 100;
    far[i] = i % 1000 == 0 ? (i % 2000 == 0 ? 1e308 : -1e308) : 1e-9 * normal[i];
  }
  std::vector<double> lonely(kCount, 0.25);
  lonely[kCount / 2] = 0.5;
  const int threads = thread_count();
  for (const std::vector<double>& values : {normal, tied, far, lonely, std::vector<double>(kCount, -1.5),
                                            std::vector<double>{}, std::vector<double>{1, 3, 2}}) {
    std::vector<double> expected = values;
    std::sort(expected.begin(), expected.end(), std::greater<>());
    for (const int count : {1, 2, 3}) {
      set_thread_count(count);
      std::vector<double> sorted = values;
      sort_descending(sorted);
      CHECK(sorted == expected);
    }
  }
  set_thread_count(threads);
}
