// The counts of a plan that benchmarks publish.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "eval/plan.h"

namespace fr {

// "items", "templates", "pairs", "genuine", … and Plan::counts, in the order in which they are shown.
std::vector<std::pair<std::string, int64_t>> plan_counts(const Plan& plan);

}  // namespace fr
