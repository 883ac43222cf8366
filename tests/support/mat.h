// Makes MATLAB 5 files for tests, written from the format's description: elements of a type, a length and
// data.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace fr::test {

inline std::string mat_word(uint32_t value) { return {reinterpret_cast<const char*>(&value), 4}; }

inline std::string mat_element(uint32_t type, const std::string& data) {
  return mat_word(type) + mat_word(static_cast<uint32_t>(data.size())) + data +
         std::string((8 - data.size() % 8) % 8, '\0');
}

// A matrix of class `kind`, (rows, columns), and what follows its name.
inline std::string mat_matrix(uint32_t kind, int32_t rows, int32_t columns, const std::string& name,
                              const std::string& contents) {
  const std::string shape = mat_word(static_cast<uint32_t>(rows)) + mat_word(static_cast<uint32_t>(columns));
  return mat_element(14, mat_element(6, mat_word(kind) + mat_word(0)) + mat_element(5, shape) +
                             mat_element(1, name) + contents);
}

inline std::string mat_text(const std::string& text) {
  return mat_matrix(4, 1, static_cast<int32_t>(text.size()), "", mat_element(16, text));
}

// A double as MATLAB stores small ones: a byte, in an element of eight bytes.
inline std::string mat_number(uint8_t value) {
  return mat_matrix(6, 1, 1, "",
                    mat_word(1u << 16 | 2) + std::string(1, static_cast<char>(value)) + std::string(3, '\0'));
}

inline std::string mat_cell(int32_t rows, int32_t columns, const std::vector<std::string>& cells,
                            const std::string& name = "") {
  std::string contents;
  for (const std::string& cell : cells) contents += cell;
  return mat_matrix(1, rows, columns, name, contents);
}

inline std::string mat_file(const std::string& variables) {
  std::string head = "MATLAB 5.0 MAT-file";
  head.resize(124, ' ');
  return head + std::string("\0\1IM", 4) + variables;
}

}  // namespace fr::test
