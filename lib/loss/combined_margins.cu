// The presets of the combined margin, with the paper's values (spec 1.4). Any of scale, m1, m2, m3 may be
// given instead.
#include <fmt/format.h>

#include "loss/combined_margin.cuh"
#include "loss/margin_loss.cuh"

namespace fr {

namespace {

std::string text_of(const CombinedMargin& margin) {
  std::string text;
  const auto append = [&](const char* name, double value, double neutral) {
    if (value != neutral) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, value);
  };
  append("m1", margin.m1, 1);
  append("m2", margin.m2, 0);
  append("m3", margin.m3, 0);
  return text;
}

std::unique_ptr<Loss> make_combined(const LossOptions& options, Backend& backend, double m1, double m2,
                                    double m3) {
  const CombinedMargin margin{given_or(options.m1, m1), given_or(options.m2, m2), given_or(options.m3, m3),
                              options.overflow};
  return make_margin_loss(options, backend,
                          {.scale = given_or(options.scale, 64), .margins = text_of(margin)}, margin);
}

template <int m1, int m2, int m3>  // hundredths
std::unique_ptr<Loss> preset(const LossOptions& options, Backend& backend) {
  return make_combined(options, backend, m1 / 100.0, m2 / 100.0, m3 / 100.0);
}

const Registration<LossKind> nsoftmax("nsoftmax", preset<100, 0, 0>);
const Registration<LossKind> sphereface("sphereface", preset<135, 0, 0>);
const Registration<LossKind> arcface("arcface", preset<100, 50, 0>);
const Registration<LossKind> cosface("cosface", preset<100, 0, 35>);
const Registration<LossKind> cm1("cm1", preset<100, 30, 20>);
const Registration<LossKind> cm2("cm2", preset<90, 40, 15>);

}  // namespace

}  // namespace fr
