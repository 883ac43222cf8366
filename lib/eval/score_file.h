// Somebody's own scores of a pair list, read from a file.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace fr {

// (pairs) in list order: a .npy of that many real numbers, else a text with one number a line. A failed pair
// is inf where they are distances, -inf where they are similarities. Throws fr::Error naming file and line
// (or index) for another count, a NaN, the other infinity and what is no number.
std::vector<double> read_scores(const std::string& path, int64_t pairs, bool distances);

}  // namespace fr
