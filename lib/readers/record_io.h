// MXNet RecordIO, the record layer (spec/04 4.1): records of bytes at 4-byte aligned offsets of a mapped
// file, and the text index of keys beside it. A record that holds the magic number is stored in parts; they
// are joined here.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "core/files.h"

namespace fr {

class Record {
 public:
  explicit Record(std::span<const std::byte> stored) : stored_(stored) {}
  explicit Record(std::vector<std::byte> joined) : joined_(std::move(joined)) {}
  std::span<const std::byte> payload() const { return joined_.empty() ? stored_ : joined_; }

 private:
  std::span<const std::byte> stored_;  // in the mapped file
  std::vector<std::byte> joined_;      // of a record in parts, never empty there
};

class RecordFile {
 public:
  explicit RecordFile(std::filesystem::path path);
  const std::filesystem::path& path() const { return path_; }
  int64_t size() const { return static_cast<int64_t>(file_.bytes().size()); }  // bytes

  // The record whose first part begins at `offset`. Throws fr::Error "PATH: offset N: reason" unless a whole
  // record begins there; allocates no more than the file holds.
  Record at(int64_t offset) const;
  // Where the record after the one at `offset` begins; size() after the last one. Throws likewise.
  int64_t after(int64_t offset) const;

 private:
  std::filesystem::path path_;
  MappedFile file_;
};

struct RecordPlace {
  int64_t key = 0, offset = 0;
};

// The .idx beside a .rec: lines "key offset", in any order; returned by ascending key. Throws fr::Error
// "PATH:LINE: reason" for a malformed line and "PATH: …" for a key that is listed twice.
std::vector<RecordPlace> read_record_index(const std::filesystem::path& path);

// Without an index: every record of the file, keys counted from 0.
std::vector<RecordPlace> scan_records(const RecordFile& file);

// Writes PATH and its index beside it (.idx); neither appears before finish(). Bytes are those of dmlc-core's
// writer.
class RecordWriter {
 public:
  explicit RecordWriter(const std::filesystem::path& path);
  // Throws fr::Error where the payload is longer than the format allows (2^29 - 1 bytes).
  void add(int64_t key, std::span<const std::byte> payload);
  void finish();

 private:
  std::filesystem::path path_;
  AtomicFile records_, index_;
  int64_t offset_ = 0;  // where the next record goes
};

}  // namespace fr
