#include "train/finite.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/parallel.h"
#include "core/random.h"

using namespace fr;

TEST_CASE("the sum of squares is the same bits for any thread count") {
  std::vector<float> values(100003);
  const RandomStream random(1, "values");
  for (size_t i = 0; i < values.size(); ++i) values[i] = random.normal(i);
  const View view = view_of(values.data(), {.n = std::ssize(values)});
  const int threads = thread_count();
  set_thread_count(1);
  const double one = sum_of_squares(view);
  set_thread_count(3);
  const double three = sum_of_squares(view);
  set_thread_count(threads);
  CHECK(one == three);
  double plain = 0;
  for (const float v : values) plain += static_cast<double>(v) * static_cast<double>(v);
  CHECK(one == doctest::Approx(plain).epsilon(1e-12));
}

TEST_CASE("any value that is not finite is found and named, wherever it lies") {
  Parameters parameters;
  parameters.add("first", {3});
  parameters.add("second", {40000});
  parameters.allocate();
  CHECK_FALSE(first_not_finite(parameters, false));
  for (const float& v : parameters.values()) const_cast<float&>(v) = std::numeric_limits<float>::max();
  CHECK_FALSE(first_not_finite(parameters, false));
  const auto second = parameters.gradients(parameters.slice("second"));
  for (const size_t at : {size_t{0}, size_t{16385}, size_t{39999}}) {
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()}) {
      second[at] = bad;
      CHECK_FALSE(
          std::isfinite(sum_of_squares(view_of(parameters.gradients().data(), {.n = parameters.count()}))));
      const auto found = first_not_finite(parameters, true);
      REQUIRE(found);
      CHECK(found->starts_with("'second' holds "));
      CHECK(found->ends_with(" at " + std::to_string(at)));
      CHECK_FALSE(first_not_finite(parameters, false));
      second[at] = 0;
    }
  }
}
