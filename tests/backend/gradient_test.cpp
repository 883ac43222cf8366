// Backward operations of ref against central differences of its forward ones, on the one case table.
#include <algorithm>

#include "backend/harness.h"

using namespace fr;
using namespace fr::test;

namespace {

constexpr double kStep = 1.0 / 128;
constexpr int kSamples = 8;           // elements of each input that are perturbed
constexpr double kLimit = 4e-3;       // of the gradient's root mean square
constexpr int64_t kLargest = 40'000;  // elements of x; larger planes add nothing here

size_t index_of(const Case& c, const std::string& name) {
  for (size_t i = 0; i < c.operands.size(); ++i)
    if (c.operands[i].name == name) return i;
  FAIL(c.name, " has no operand ", name);
  return 0;
}

double root_mean_square(const std::vector<float>& values) {
  double squares = 0;
  for (const float value : values) squares += double{value} * value;
  return std::sqrt(squares / static_cast<double>(values.size()));
}

// sum of y * direction
double objective(Backend& backend, const Case& forward, const Values& values,
                 const std::vector<float>& direction) {
  const Values after = run_case(backend, forward, values);
  const std::vector<float>& y = after[index_of(forward, "y")];
  double sum = 0;
  for (size_t i = 0; i < y.size(); ++i) sum += double{y[i]} * direction[i];
  return sum;
}

// Fourth-order central difference at one element of one operand.
double slope_at(Backend& backend, const Case& forward, Values values, size_t operand, size_t element,
                const std::vector<float>& direction) {
  const float centre = values[operand][element];
  const auto at = [&](double steps) {
    values[operand][element] = static_cast<float>(centre + steps * kStep);
    return objective(backend, forward, values, direction);
  };
  return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * kStep);
}

// True where the map is smooth within the differences' reach: no value before the PReLU changes sign there. A
// perturbed x moves its own element and, by a fraction of a step, the rest of its channel.
bool smooth_at(const Case& forward, const Values& values, const Values& after, size_t operand,
               size_t element) {
  const bool bent = std::any_of(forward.operands.begin(), forward.operands.end(),
                                [](const Operand& o) { return o.name == "slope"; });
  const std::string& name = forward.operands[operand].name;
  if (!bent || name == "slope" || name == "residual") return true;
  if (forward.name.starts_with("prelu")) return std::abs(values[operand][element]) > 3 * kStep;
  const Shape s = forward.operands[0].shape;
  const auto plane = static_cast<size_t>(s.plane()), channels = static_cast<size_t>(s.c);
  const size_t c = name == "x" ? element / plane % channels : element;
  const double mean = after[index_of(forward, "mean")][c], variance = after[index_of(forward, "variance")][c];
  const double scale = values[index_of(forward, "gamma")][c] / std::sqrt(variance + 1e-5);
  const double beta = values[index_of(forward, "beta")][c];
  const auto far = [&](size_t i, double reach) {
    return std::abs((values[0][i] - mean) * scale + beta) > reach * kStep;
  };
  if (name == "x") return far(element, 4 * scale);
  for (size_t i = 0; i < values[0].size(); ++i)
    if (i / plane % channels == c && !far(i, 6)) return false;
  return true;
}

void check_gradients(Backend& backend, const DifferentiableCase& c) {
  const Values values = initial_values(c.forward);
  const Values after = run_case(backend, c.forward, values);
  for (const Case& backward : c.backward) {
    Values given = initial_values(backward);
    for (size_t i = 0; i < given.size(); ++i)
      for (size_t j = 0; j < after.size(); ++j)
        if (backward.operands[i].name == c.forward.operands[j].name) given[i] = after[j];
    const std::vector<float> direction = given[index_of(backward, "dy")];
    const Values gradients = run_case(backend, backward, given);
    for (size_t i = 0; i < given.size(); ++i) {
      if (backward.operands[i].role == Role::kInput) continue;
      const size_t input = index_of(c.forward, backward.operands[i].name.substr(1));
      std::vector<float> gradient = gradients[i];
      if (backward.operands[i].role == Role::kAdded)
        for (size_t j = 0; j < gradient.size(); ++j) gradient[j] -= given[i][j];
      const double limit = kLimit * (root_mean_square(gradient) + 1e-3);
      RandomStream stream(2, "elements");
      for (int sample = 0; sample < kSamples; ++sample) {
        const size_t element = stream.next_below(gradient.size());
        if (!smooth_at(c.forward, values, after, input, element)) continue;
        INFO(backward.name, ": ", backward.operands[i].name, " ", element);
        const double expected = slope_at(backend, c.forward, values, input, element, direction);
        CHECK(std::abs(gradient[element] - expected) <= limit + kLimit * std::abs(expected));
      }
    }
  }
}

}  // namespace

TEST_CASE("gradients of ref are the slopes of its forward operations") {
  const auto ref = make_backend("ref");
  for (const DifferentiableCase& c : differentiable_cases())
    if (c.forward.operands[0].shape.count() <= kLargest) check_gradients(*ref, c);
}
