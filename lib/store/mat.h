// MATLAB files of version 5, as data: the cells and text of which benchmarks make their lists. zlib lives in
// this folder and only here.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace fr {

struct MatValue {
  enum class Kind { kCell, kText, kOther };
  Kind kind = Kind::kOther;     // kOther: numbers, structures and the like, whose contents are passed over
  std::string name;             // of a variable
  std::vector<int64_t> shape;   // (rows, columns, …)
  std::vector<MatValue> cells;  // of kCell, column by column
  std::string text;             // of kText
};

// The variables of the file, in its order. Throws fr::Error "PATH: offset N: reason"; takes at most 32 MB for
// what is compressed, and 2^18 values.
std::vector<MatValue> read_mat(const std::filesystem::path& path);

}  // namespace fr
