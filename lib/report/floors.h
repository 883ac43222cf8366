// What fr-bench measured beside what the machine allows: seconds, the floor that the work sets at the gemm
// and copy rates of the same run, and how much of the time the floor explains.
#pragma once
#include <filesystem>
#include <span>

#include "report/table.h"

namespace fr {

// One section for each report of fr-bench (train, embed, head, score, ops, gemm) or of tests/peers, one row
// for each operation, in the order given. Throws fr::Error naming the file that is no such report.
Table make_floor_table(std::span<const std::filesystem::path> reports);

}  // namespace fr
