// Schedules: the worked example of spec 11 no. 11, the recursion of spec 3.1, and the steps of spec 3.2.
#include "train/schedule.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace fr;

TEST_CASE("polynomial schedule without warm-up falls by a tenth each iteration") {
  const PolynomialSchedule schedule{.base = 0.1, .warmup = 0, .total = 10};
  for (int64_t k = 0; k <= 10; ++k)
    CHECK(schedule.lr(k) == doctest::Approx(0.1 - 0.01 * static_cast<double>(k)).epsilon(1e-12));
  CHECK(schedule.lr(10) == 0.0);
  CHECK(schedule.lr(11) == 0.0);
}

TEST_CASE("polynomial schedule with warm-up uses the base rate at iteration 0") {
  const PolynomialSchedule schedule{.base = 0.1, .warmup = 2, .total = 10};
  CHECK(schedule.lr(0) == 0.1);
  CHECK(schedule.lr(1) == doctest::Approx(0.05).epsilon(1e-15));
  CHECK(schedule.lr(2) == doctest::Approx(0.1).epsilon(1e-15));
  for (int64_t k = 2; k <= 10; ++k)
    CHECK(schedule.lr(k) == doctest::Approx(0.1 * static_cast<double>(10 - k) / 8).epsilon(1e-12));
}

TEST_CASE("polynomial schedule equals the reference's recursion") {
  const PolynomialSchedule schedule{.base = 0.3, .warmup = 7, .total = 90, .power = 2};
  const auto remaining = [](int64_t k) { return 1 - static_cast<double>(k - 7) / (90 - 7); };
  double lr = schedule.lr(7);
  CHECK(lr == doctest::Approx(0.3).epsilon(1e-15));
  for (int64_t k = 8; k < 90; ++k) {
    lr *= std::pow(remaining(k) / remaining(k - 1), 2);
    CHECK(schedule.lr(k) == doctest::Approx(lr).epsilon(1e-12));
  }
}

TEST_CASE("a schedule that only warms up keeps its base rate") {
  const PolynomialSchedule schedule{.base = 0.1, .warmup = 5, .total = 5};
  CHECK(schedule.lr(5) == 0.1);
  CHECK(schedule.lr(100) == 0.1);
}

TEST_CASE("step schedule changes at the iteration named") {
  const Schedule schedule = StepSchedule{.base = 0.1, .steps = {20000, 28000}};
  CHECK(learning_rate(schedule, 0) == 0.1);
  CHECK(learning_rate(schedule, 19999) == 0.1);
  CHECK(learning_rate(schedule, 20000) == doctest::Approx(0.01).epsilon(1e-15));
  CHECK(learning_rate(schedule, 27999) == doctest::Approx(0.01).epsilon(1e-15));
  CHECK(learning_rate(schedule, 28000) == doctest::Approx(0.001).epsilon(1e-15));
}
