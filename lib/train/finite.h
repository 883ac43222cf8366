// Not-a-number watch: one pass over a flat buffer a step, and the name of the culprit only when there is one.
#pragma once
#include <optional>
#include <string>

#include "core/parameters.h"

namespace fr {

// SumOfSquares, waited for.
double sum_of_squares(const View& values);

// "'layer1.0.conv1.weight' holds nan at 12" for the first slice with a value that is not finite.
std::optional<std::string> first_not_finite(const Parameters& parameters, bool gradients);

}  // namespace fr
