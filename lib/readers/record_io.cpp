#include "readers/record_io.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "core/error.h"

namespace fr {

namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

using Bytes = std::span<const std::byte>;

constexpr uint32_t kMagic = 0xced7230a;
constexpr uint32_t kLargestPart = (uint32_t{1} << 29) - 1;
constexpr size_t kHeadBytes = 8;  // magic, and flag and length in one word

// Bits 31 … 29 of a part's second word.
enum class Flag : uint32_t { kWhole = 0, kFirst = 1, kMiddle = 2, kLast = 3 };

const std::array<std::byte, 4> kMagicBytes = std::bit_cast<std::array<std::byte, 4>>(kMagic);

size_t padded(size_t length) { return (length + 3) / 4 * 4; }

struct Part {
  Flag flag;
  Bytes bytes;
  size_t after;  // offset of what follows
};

// The part at `offset` of `file`, wholly inside it; why it is none otherwise.
Part part_at(Bytes file, size_t offset) {
  FR_CHECK(offset % 4 == 0 && offset <= file.size() && file.size() - offset >= kHeadBytes,
           "no record begins here (the file has {} bytes)", file.size());
  uint32_t head[2];
  std::memcpy(head, file.data() + offset, kHeadBytes);
  FR_CHECK(head[0] == kMagic, "no record begins here: {:#010x} instead of {:#010x}", head[0], kMagic);
  const uint32_t flag = head[1] >> 29, length = head[1] & kLargestPart;
  FR_CHECK(flag <= static_cast<uint32_t>(Flag::kLast), "unknown record flag {}", flag);
  const size_t begin = offset + kHeadBytes;
  FR_CHECK(padded(length) <= file.size() - begin, "a record of {} bytes, but the file ends after {}", length,
           file.size() - begin);
  return {static_cast<Flag>(flag), file.subspan(begin, length), begin + padded(length)};
}

// Calls part(bytes) for each part of the record at `offset`; returns where the next record begins.
template <class Body>
size_t for_each_part(const std::filesystem::path& path, Bytes file, int64_t offset, const Body& body) {
  try {
    FR_CHECK(offset >= 0, "no record begins here");
    Part part = part_at(file, static_cast<size_t>(offset));
    FR_CHECK(part.flag == Flag::kWhole || part.flag == Flag::kFirst, "the middle of a record in parts");
    body(part.bytes);
    if (part.flag == Flag::kWhole) return part.after;
    do {
      FR_CHECK(part.after < file.size(), "a record in parts whose last part is missing");
      part = part_at(file, part.after);
      FR_CHECK(part.flag == Flag::kMiddle || part.flag == Flag::kLast,
               "a record in parts whose last part is missing");
      body(part.bytes);
    } while (part.flag != Flag::kLast);
    return part.after;
  } catch (const Error& error) {
    fail("{}: offset {}: {}", path.string(), offset, error.what());
  }
}

// Payload bytes before the first magic number at a multiple of 4; all where there is none.
size_t unsplit_length(Bytes payload) {
  for (size_t at = 0; at + 4 <= payload.size(); at += 4)
    if (std::memcmp(payload.data() + at, &kMagic, 4) == 0) return at;
  return payload.size();
}

void append(std::vector<std::byte>& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

void append_part(std::vector<std::byte>& to, Flag flag, Bytes bytes) {
  const uint32_t head[2] = {kMagic, static_cast<uint32_t>(flag) << 29 | static_cast<uint32_t>(bytes.size())};
  append(to, std::as_bytes(std::span(head)));
  append(to, bytes);
  to.resize(to.size() + padded(bytes.size()) - bytes.size());
}

std::filesystem::path index_beside(std::filesystem::path path) { return path.replace_extension(".idx"); }

}  // namespace

RecordFile::RecordFile(std::filesystem::path path) : path_(std::move(path)), file_(path_) {}

Record RecordFile::at(int64_t offset) const {
  Bytes first;
  std::vector<std::byte> joined;
  size_t parts = 0;
  for_each_part(path_, file_.bytes(), offset, [&](Bytes part) {
    if (parts == 0) first = part;
    if (parts == 1) append(joined, first);
    if (parts > 0) {
      append(joined, kMagicBytes);
      append(joined, part);
    }
    ++parts;
  });
  return parts == 1 ? Record(first) : Record(std::move(joined));
}

int64_t RecordFile::after(int64_t offset) const {
  return static_cast<int64_t>(for_each_part(path_, file_.bytes(), offset, [](Bytes) {}));
}

std::vector<RecordPlace> read_record_index(const std::filesystem::path& path) {
  const MappedFile file(path);
  std::vector<RecordPlace> places;
  for_each_line(file.text(), [&](std::string_view line, int64_t number) {
    const std::vector<std::string_view> fields = split_blanks(line);
    if (fields.empty()) return;
    try {
      FR_CHECK(fields.size() == 2, "expected 'key offset', found '{}'", line.substr(0, 80));
      places.push_back({parse_int(fields[0], "key"), parse_int(fields[1], "offset")});
      FR_CHECK(places.back().key >= 0, "key {} is negative", places.back().key);
    } catch (
        const Error& error) {  // here, because composing PATH:LINE for millions of good lines takes seconds
      fail("{}:{}: {}", path.string(), number, error.what());
    }
  });
  std::ranges::sort(places, {}, &RecordPlace::key);
  const auto twice = std::ranges::adjacent_find(places, {}, &RecordPlace::key);
  if (twice != places.end()) fail("{}: key {} is listed twice", path.string(), twice->key);
  return places;
}

std::vector<RecordPlace> scan_records(const RecordFile& file) {
  std::vector<RecordPlace> places;
  for (int64_t offset = 0; offset < file.size(); offset = file.after(offset))
    places.push_back({std::ssize(places), offset});
  return places;
}

RecordWriter::RecordWriter(const std::filesystem::path& path)
    : path_(path), records_(path), index_(index_beside(path)) {}

void RecordWriter::add(int64_t key, Bytes payload) {
  FR_CHECK(payload.size() <= kLargestPart, "{}: record {}: {} bytes, at most {} are allowed", path_.string(),
           key, payload.size(), kLargestPart);
  std::vector<std::byte> stored;
  stored.reserve(kHeadBytes + padded(payload.size()));
  bool split = false;
  for (size_t length; (length = unsplit_length(payload)) < payload.size(); split = true) {
    append_part(stored, split ? Flag::kMiddle : Flag::kFirst, payload.first(length));
    payload = payload.subspan(length + kMagicBytes.size());
  }
  append_part(stored, split ? Flag::kLast : Flag::kWhole, payload);
  records_.write(stored);
  index_.write(fmt::format("{}\t{}\n", key, offset_));
  offset_ += std::ssize(stored);
}

void RecordWriter::finish() {
  records_.commit();
  index_.commit();
}

}  // namespace fr
