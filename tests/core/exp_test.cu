// exp_f32 against the double exp: densely over its whole range, and at its edges.
#include "core/exp.cuh"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace fr;

namespace {

// Distance of `got` from the exact value in units in the last place of a float of that size.
double ulps(float got, double exact) {
  const double ulp = std::ldexp(1.0, std::max(std::ilogb(exact), -126) - 23);
  return std::abs(static_cast<double>(got) - exact) / ulp;
}

}  // namespace

TEST_CASE("exp is within 2 ulp of the exact value over its range") {
  double worst = 0;
  float where = 0;
  // Every 97th float of either sign whose exponential is a normal number.
  for (const float limit : {-87.3365f, 88.7228f}) {
    const uint32_t sign = limit < 0 ? 0x80000000u : 0u;
    const uint32_t last = std::bit_cast<uint32_t>(std::abs(limit));
    for (uint32_t bits = 0x30000000u; bits <= last; bits += 97) {
      const float x = std::bit_cast<float>(bits | sign);
      const double error = ulps(exp_f32(x), std::exp(static_cast<double>(x)));
      if (error > worst) worst = error, where = x;
    }
  }
  INFO("worst ", worst, " ulp at x = ", where);
  CHECK(worst > 0.25);  // the sweep saw rounding at all
  CHECK(worst <= 2.0);
}

TEST_CASE("exp at its edges") {
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(exp_f32(0.0f) == 1.0f);
  CHECK(exp_f32(-0.0f) == 1.0f);
  CHECK(exp_f32(-infinity) == 0.0f);
  CHECK(exp_f32(infinity) == infinity);
  CHECK(std::isnan(exp_f32(std::numeric_limits<float>::quiet_NaN())));
  CHECK(exp_f32(-200.0f) == 0.0f);
  CHECK(exp_f32(-87.4f) == 0.0f);
  CHECK(exp_f32(-87.33f) > 0.0f);
  CHECK(std::isfinite(exp_f32(88.72f)));
  CHECK(exp_f32(89.0f) == infinity);
  CHECK(exp_f32(1e-20f) == 1.0f);
}
