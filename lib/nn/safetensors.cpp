// Reading and writing safetensors. The header is parsed event by event by a machine that knows only the three
// levels the format has, so that hostile JSON (deep, repeated, mistyped) is refused where it first departs.
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "core/error.h"
#include "nn/checkpoint.h"

namespace fr {

namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

constexpr uint64_t kLargestHeader = 100'000'000;
constexpr size_t kLengthBytes = 8;

std::optional<uint64_t> element_bytes(const std::string& dtype) {
  static const std::map<std::string, uint64_t> bytes = {
      {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"I16", 2}, {"U16", 2}, {"F16", 2},
      {"BF16", 2}, {"I32", 4}, {"U32", 4}, {"F32", 4},     {"I64", 8},     {"U64", 8}, {"F64", 8}};
  const auto it = bytes.find(dtype);
  return it == bytes.end() ? std::nullopt : std::optional(it->second);
}

// A header entry before it is checked against the data.
struct Entry {
  std::string name, dtype;
  std::vector<uint64_t> shape, offsets;
  std::set<std::string> fields;  // seen so far
};

// { "__metadata__": {text: text}, name: {"dtype": text, "shape": [n…], "data_offsets": [n, n]}, … }
class HeaderEvents final : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::map<std::string, std::string> metadata;
  std::vector<Entry> entries;
  std::string reason;

  bool start_object(size_t) override {
    if (level_ == kOutside) return enter(kTop);
    if (level_ == kTop) return enter(in_metadata_ ? kMetadata : kTensor);
    return refuse("an object where none belongs");
  }
  bool end_object() override {
    if (level_ == kTensor && entries.back().fields.size() != 3) {
      return refuse(fmt::format("tensor '{}' lacks dtype, shape or data_offsets", entries.back().name));
    }
    return enter(level_ == kTop ? kOutside : kTop);
  }
  bool key(std::string& text) override {
    if (level_ == kTop) {
      if (!names_.insert(text).second) return refuse(fmt::format("the name '{}' appears twice", text));
      in_metadata_ = text == "__metadata__";
      if (!in_metadata_) entries.push_back({text, {}, {}, {}, {}});
      return true;
    }
    field_ = text;
    if (level_ == kMetadata) {
      return metadata.emplace(text, "").second || refuse(fmt::format("the metadata '{}' appear twice", text));
    }
    if (text != "dtype" && text != "shape" && text != "data_offsets") {
      return refuse(fmt::format("tensor '{}' has an unknown field '{}'", entries.back().name, text));
    }
    return entries.back().fields.insert(text).second ||
           refuse(fmt::format("tensor '{}' has two fields '{}'", entries.back().name, text));
  }
  bool string(std::string& text) override {
    if (level_ == kMetadata) {
      metadata[field_] = text;
    } else if (level_ == kTensor && field_ == "dtype") {
      entries.back().dtype = text;
    } else {
      return refuse("a text where none belongs");
    }
    return true;
  }
  bool start_array(size_t) override {
    if (level_ == kTensor && field_ != "dtype") return enter(kNumbers);
    return refuse("an array where none belongs");
  }
  bool end_array() override { return enter(kTensor); }
  bool number_unsigned(uint64_t value) override {
    if (level_ != kNumbers) return refuse("a number where none belongs");
    auto& numbers = field_ == "shape" ? entries.back().shape : entries.back().offsets;
    numbers.push_back(value);
    return true;
  }
  bool number_integer(int64_t value) override { return refuse(fmt::format("the negative number {}", value)); }
  bool number_float(double, const std::string& text) override {
    return refuse(fmt::format("the number {}", text));
  }
  bool null() override { return refuse("a null"); }
  bool boolean(bool) override { return refuse("a boolean"); }
  bool binary(nlohmann::json::binary_t&) override { return refuse("binary data"); }
  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception&) override {
    return refuse(fmt::format("not JSON in UTF-8 at offset {}", kLengthBytes + position));
  }

 private:
  enum Level { kOutside, kTop, kMetadata, kTensor, kNumbers };
  bool enter(Level level) {
    level_ = level;
    return true;
  }
  bool refuse(std::string why) {
    reason = std::move(why);
    return false;
  }
  Level level_ = kOutside;
  bool in_metadata_ = false;
  std::string field_;
  std::set<std::string> names_;
};

// Bytes the entry's shape and dtype ask for; nothing when the product overflows.
std::optional<uint64_t> bytes_of(const Entry& e, uint64_t element) {
  uint64_t bytes = element;
  bool empty = false;
  for (uint64_t extent : e.shape) {
    if (extent > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
    empty = empty || extent == 0;
    if (!empty && __builtin_mul_overflow(bytes, extent, &bytes)) return std::nullopt;
  }
  return empty ? 0 : bytes;
}

void check_entry(const std::string& path, const Entry& e, uint64_t size) {
  const auto element = element_bytes(e.dtype);
  FR_CHECK(element, "{}: tensor '{}' has the unknown dtype '{}'", path, e.name, e.dtype);
  FR_CHECK(e.offsets.size() == 2, "{}: tensor '{}' has {} data_offsets, expected 2", path, e.name,
           e.offsets.size());
  FR_CHECK(e.offsets[0] <= e.offsets[1] && e.offsets[1] <= size,
           "{}: tensor '{}' lies at [{}, {}) of {} bytes of data", path, e.name, e.offsets[0], e.offsets[1],
           size);
  const auto bytes = bytes_of(e, *element);
  FR_CHECK(bytes && *bytes == e.offsets[1] - e.offsets[0],
           "{}: tensor '{}' of shape [{}] {} does not fill its {} bytes", path, e.name,
           fmt::join(e.shape, ", "), e.dtype, e.offsets[1] - e.offsets[0]);
}

// The data are used from the first byte to the last, each byte once.
void check_cover(const std::string& path, const std::vector<Entry>& entries, uint64_t size) {
  std::vector<const Entry*> order;
  for (const Entry& e : entries) order.push_back(&e);
  std::ranges::sort(order, {}, [](const Entry* e) { return std::pair(e->offsets[0], e->offsets[1]); });
  uint64_t end = 0;
  for (const Entry* e : order) {
    FR_CHECK(e->offsets[0] == end, "{}: tensor '{}' begins at {}, the one before it ends at {}", path,
             e->name, e->offsets[0], end);
    end = e->offsets[1];
  }
  FR_CHECK(end == size, "{}: the tensors end at {} of {} bytes of data", path, end, size);
}

}  // namespace

std::span<const float> StoredTensor::floats() const {
  FR_CHECK(dtype == "F32", "tensor '{}' is {}, expected F32", name, dtype);
  return {reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)};
}

Safetensors::Safetensors(const std::filesystem::path& file) : path_(file), file_(file) {
  const std::string path = file.string();
  const std::string_view text = file_.text();
  FR_CHECK(text.size() >= kLengthBytes, "{}: {} bytes are no safetensors file", path, text.size());
  uint64_t length;
  std::memcpy(&length, text.data(), kLengthBytes);
  FR_CHECK(length <= kLargestHeader, "{}: a header of {} bytes, at most {} are allowed", path, length,
           kLargestHeader);
  FR_CHECK(length <= text.size() - kLengthBytes, "{}: a header of {} bytes in a file of {}", path, length,
           text.size());
  const std::string_view header = text.substr(kLengthBytes, length);
  FR_CHECK(header.starts_with('{'), "{}: the header does not start with '{{'", path);
  HeaderEvents events;
  const bool whole = nlohmann::json::sax_parse(header, &events);
  FR_CHECK(whole, "{}: bad header: {}", path, events.reason);
  metadata_ = std::move(events.metadata);

  const std::span<const std::byte> data = file_.bytes().subspan(kLengthBytes + length);
  for (const Entry& e : events.entries) check_entry(path, e, data.size());
  check_cover(path, events.entries, data.size());
  for (Entry& e : events.entries) {
    StoredTensor t{std::move(e.name),
                   std::move(e.dtype),
                   {e.shape.begin(), e.shape.end()},
                   data.subspan(e.offsets[0], e.offsets[1] - e.offsets[0])};
    if (t.dtype == "F32" && reinterpret_cast<uintptr_t>(t.bytes.data()) % alignof(float) != 0) {
      Memory& copy = aligned_.emplace_back(static_cast<int64_t>(t.bytes.size()));
      std::ranges::copy(t.bytes, copy.data());
      t.bytes = {copy.data(), t.bytes.size()};
    }
    tensors_.push_back(std::move(t));
  }
}

bool Safetensors::contains(const std::string& name) const {
  return std::ranges::find(tensors_, name, &StoredTensor::name) != tensors_.end();
}

const StoredTensor& Safetensors::tensor(const std::string& name) const {
  const auto it = std::ranges::find(tensors_, name, &StoredTensor::name);
  FR_CHECK(it != tensors_.end(), "{}: no tensor named '{}'", path_.string(), name);
  return *it;
}

void write_safetensors(const std::filesystem::path& path, std::span<const StoredTensor> tensors,
                       const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t end = 0;
  for (const StoredTensor& t : tensors) {
    assert(!header.contains(t.name) && element_bytes(t.dtype));
    const uint64_t begin = end;
    end += t.bytes.size();
    header[t.name] = {{"dtype", t.dtype}, {"shape", t.shape}, {"data_offsets", {begin, end}}};
  }
  std::string text = header.dump();
  text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes, ' ');  // tensors stay aligned
  const uint64_t length = text.size();
  std::array<char, kLengthBytes> prefix;
  std::memcpy(prefix.data(), &length, kLengthBytes);

  AtomicFile file(path);
  file.write(std::string_view(prefix.data(), prefix.size()));
  file.write(text);
  for (const StoredTensor& t : tensors) file.write(t.bytes);
  file.commit();
}

}  // namespace fr
