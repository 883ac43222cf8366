// Texts of variable length in an HDF5 file, read from its bytes: the library trusts the references and heaps
// that it finds there, and a damaged one sends it out of bounds or round and round.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace fr {

// References to the texts of rows [first_row, first_row + rows), one after the other, at `offset` of the
// file. Each has 16 bytes: length of the text, address of a global heap, number of an object in it.
struct TextReferences {
  uint64_t offset = 0;
  int64_t first_row = 0, rows = 0;
};

// The texts of rows 0 … rows - 1; empty where nothing refers to them. Rows beyond are passed over. For files
// whose addresses and sizes have 8 bytes, from byte 0 on. Throws fr::Error without a place.
std::vector<std::string> read_heap_texts(std::span<const std::byte> file,
                                         const std::vector<TextReferences>& references, int64_t rows);

}  // namespace fr
