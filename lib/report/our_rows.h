// Our part of a table: results grouped into one row for each model and variant.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "eval/result.h"
#include "report/paper_table.h"

namespace fr {

struct OurNumber {
  Metric metric;
  const Result* result = nullptr;  // where it comes from
};

struct OurRow {
  std::string label;
  std::vector<std::optional<OurNumber>> numbers;  // one a column
};

// In the order in which models first appear. Labels are distinct: "arcface, iresnet_tiny", with the pooling
// variant, and flip, model hash or a count only where rows would look the same. The same result given twice
// counts once.
std::vector<OurRow> group_results(const std::vector<PaperColumn>& columns,
                                  const std::vector<Result>& results);

}  // namespace fr
