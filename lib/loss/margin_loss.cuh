// Makes a loss out of a margin functor: `MarginValue operator()(double cosine) const`, marked FR_HD. A new
// margin is one .cu file with its functor and a Registration<LossKind> that calls make_margin_loss.
#pragma once
#include <cmath>
#include <memory>
#include <utility>

#include "core/launch.cuh"
#include "loss/margin_head.h"

namespace fr {

// An option's value, or the preset's where the option is NaN (not given).
inline double given_or(double given, double preset) { return std::isnan(given) ? preset : given; }

template <class Margin>
struct ApplyMargin {
  Margin margin;
  const double* cosines;  // (n)
  MarginValue* values;    // (n)
  FR_HD void operator()(int64_t i) const { values[i] = margin(cosines[i]); }
};

template <class Margin>
std::unique_ptr<Loss> make_margin_loss(const LossOptions& options, Backend& backend, HeadSpec spec,
                                       const Margin& margin) {
  return std::make_unique<MarginHead>(
      options, backend, std::move(spec),
      [margin](Device device, int64_t n, const double* cosines, MarginValue* values) {
        launch(device, n, ApplyMargin<Margin>{margin, cosines, values});
      });
}

}  // namespace fr
