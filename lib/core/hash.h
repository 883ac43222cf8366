// Content hashes (XXH3): identity of data sets and models in results, keys of random streams. Not
// cryptographic.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace fr {

uint64_t hash64(std::string_view text);

// 128-bit hash of everything added, printed as "xxh3-128:<32 hex digits>".
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
  Hasher& add(std::span<const std::byte> bytes);
  Hasher& add(std::string_view text) { return add(std::as_bytes(std::span(text))); }
  Hasher& add_file(const std::filesystem::path& path);  // throws fr::Error when unreadable
  std::string text() const;

 private:
  void* state_;
};

}  // namespace fr
