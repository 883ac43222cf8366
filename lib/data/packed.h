// Packed crops, written: images.npy u8 (n, 112, 112, 3) and labels.npy i4 (n), one crop at a time in constant
// memory. Read them with open_packed (data/dataset.h).
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "core/files.h"

namespace fr {

class PackedWriter {
 public:
  // The folder is made where it is missing; n crops will follow. Neither file appears before finish().
  PackedWriter(const std::filesystem::path& directory, int64_t n);
  void add(std::span<const uint8_t> rgb /*(112,112,3)*/, int32_t label);
  // Throws fr::Error unless exactly n crops were added.
  void finish();

 private:
  std::filesystem::path directory_;
  int64_t n_;
  std::vector<int32_t> labels_;
  AtomicFile images_;
};

}  // namespace fr
