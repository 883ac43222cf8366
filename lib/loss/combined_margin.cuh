// The combined margin cos(m1 theta + m2) - m3 (paper Eq. 4; spec 1.5), with what to do where the angle passes
// pi. Its members are SphereFace (m1), ArcFace (m2), CosFace (m3) and the plain cosine (1, 0, 0).
#pragma once
#include <cmath>
#include <numbers>

#include "core/device.h"
#include "loss/loss.h"
#include "loss/margin.h"

namespace fr {

struct CombinedMargin {
  double m1 = 1, m2 = 0, m3 = 0;
  MarginOverflow overflow = MarginOverflow::kWrap;

  // cosine in [-1, 1].
  FR_HD MarginValue operator()(double cosine) const {
    if (m1 == 1.0 && m2 == 0.0) return {cosine - m3, 1.0};
    const double theta = std::acos(cosine), angle = m1 * theta + m2;
    // Both are the old rules for ArcFace (spec 1.3); m3 shifts them like everything else.
    if (overflow == MarginOverflow::kMmFallback && angle >= std::numbers::pi)
      return {cosine - std::sin(m2) * m2 - m3, 1.0};
    if (overflow == MarginOverflow::kEasy && cosine <= 0.0) return {cosine - m3, 1.0};
    // Keeps the derivative finite within 1e-7 of cosine 1 and -1, where the gradient at right angles to the
    // weight, which it multiplies, vanishes.
    constexpr double kLeastSine = 4.4721e-4;
    const double sine = std::sin(theta);
    return {std::cos(angle) - m3, m1 * std::sin(angle) / (sine < kLeastSine ? kLeastSine : sine)};
  }
};

}  // namespace fr
