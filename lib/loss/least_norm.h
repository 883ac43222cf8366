// The norm below which a vector is divided by 1e-12 and not by its length (spec 1.1).
#pragma once

namespace fr::head {

constexpr double kLeastNorm = 1e-12;

// Of an inverse norm: from here on v/max(|v|, 1e-12) is linear in v, and nothing is to be projected out.
constexpr float kNoProjection = 0.999f / static_cast<float>(kLeastNorm);

}  // namespace fr::head
