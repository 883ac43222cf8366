// Verification packs (.bin): a pickled (list of encoded images, list of labels); pair i is images 2i and 2i+1
// (spec/04 4.3).
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "core/files.h"
#include "core/pickle.h"

namespace fr {

// An open pack; images stay where they are in the mapped file. Throws fr::Error "PATH: reason" or "PATH:
// offset N: reason" for anything that is not plainly such a pack.
class VerificationBin {
 public:
  explicit VerificationBin(const std::filesystem::path& path);
  int64_t images() const { return static_cast<int64_t>(images_.size()); }  // two a pair; a surplus is ignored
  std::span<const std::byte> image(int64_t index) const {
    return images_[static_cast<size_t>(index)];
  }                                                           // encoded
  const std::vector<uint8_t>& same() const { return same_; }  // 1: one person; one per pair

 private:
  MappedFile file_;
  Pickle pickle_;
  std::vector<std::span<const std::byte>> images_;
  std::vector<uint8_t> same_;
};

// Writes images (encoded, two a pair) and labels as (list of bytes, list of bool), protocol 4, atomically.
void write_verification_bin(const std::filesystem::path& path,
                            const std::vector<std::vector<std::byte>>& images,
                            const std::vector<uint8_t>& same);

}  // namespace fr
