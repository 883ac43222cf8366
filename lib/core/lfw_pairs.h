// LFW's pairs.txt (spec/04 4.4): which two images make each pair, in the order of the list.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fr {

struct LfwPair {
  std::string a, b;  // "NAME/NAME_0001", without ending
  bool same = false;
  int64_t line = 0;  // in the list, from 1
};

// `text` is the whole file; errors are fr::Error "PATH:LINE: reason". The number of pairs must be what the
// first line announces: "folds pairs" (of each kind), or "pairs" alone (one fold) in the development lists.
std::vector<LfwPair> parse_lfw_pairs(std::string_view text, const std::string& path);

}  // namespace fr
