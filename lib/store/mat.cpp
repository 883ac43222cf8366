// Elements are a type, a length and data, padded to 8 bytes; a matrix is an element of elements; a compressed
// element is one matrix in zlib's form.
#include "store/mat.h"

#include <zlib.h>

#include <bit>
#include <cstring>
#include <span>

#include "core/error.h"
#include "core/files.h"

namespace fr {

namespace {

static_assert(std::endian::native == std::endian::little);

using Bytes = std::span<const std::byte>;

constexpr size_t kHeaderBytes = 128;
constexpr size_t kTagBytes = 8;
constexpr size_t kMostInflated = size_t{32} << 20;
constexpr int64_t kMostValues = int64_t{1} << 18;
constexpr int kDeepest = 16;

enum Type : uint32_t {
  kInt8 = 1,
  kUint8 = 2,
  kUint16 = 4,
  kInt32 = 5,
  kUint32 = 6,
  kMatrix = 14,
  kCompressed = 15,
  kUtf8 = 16,
  kUtf16 = 17
};

enum Class : uint8_t { kCellClass = 1, kCharClass = 4 };

struct Element {
  uint32_t type = 0;
  Bytes data;
};

template <class Number>
Number load(Bytes bytes, size_t index) {
  Number value;
  std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
  return value;
}

// Takes the first element off `rest`.
Element take(Bytes& rest) {
  FR_CHECK(rest.size() >= kTagBytes, "an element is cut short");
  const uint32_t first = load<uint32_t>(rest, 0);
  if (first >> 16 != 0) {  // a small element: length and type in one word, the data in the next
    const uint32_t length = first >> 16;
    FR_CHECK(length <= 4, "a small element of {} bytes", length);
    const Element element{first & 0xffff, rest.subspan(4, length)};
    rest = rest.subspan(kTagBytes);
    return element;
  }
  const uint32_t length = load<uint32_t>(rest, 1);
  FR_CHECK(length <= rest.size() - kTagBytes, "an element of {} bytes where {} are left", length,
           rest.size() - kTagBytes);
  const Element element{first, rest.subspan(kTagBytes, length)};
  const size_t whole = first == kCompressed ? length : (size_t{length} + 7) / 8 * 8;
  rest = rest.subspan(std::min(kTagBytes + whole, rest.size()));
  return element;
}

std::string text_of(const Element& element) {
  if (element.type == kUint16 || element.type == kUtf16) {
    std::string text;
    for (size_t i = 0; i < element.data.size() / 2; ++i) {
      const auto code = load<uint16_t>(element.data, i);
      FR_CHECK(code < 128, "a character beyond ASCII in text");
      text += static_cast<char>(code);
    }
    return text;
  }
  FR_CHECK(element.type == kInt8 || element.type == kUint8 || element.type == kUtf8,
           "text of the unknown type {}", element.type);
  return {reinterpret_cast<const char*>(element.data.data()), element.data.size()};
}

// `values` is how many more the file may have.
MatValue matrix(Bytes rest, int depth, int64_t& values) {
  MatValue value;
  FR_CHECK(values-- > 0, "more than {} values", kMostValues);
  if (rest.empty()) return value;  // an empty cell
  FR_CHECK(depth <= kDeepest, "cells nest more than {} deep", kDeepest);
  const Element flags = take(rest), sides = take(rest), name = take(rest);
  FR_CHECK(flags.type == kUint32 && flags.data.size() == 8, "a matrix without flags");
  FR_CHECK(sides.type == kInt32 && sides.data.size() >= 8, "a matrix without a shape");
  value.name = text_of(name);
  uint64_t count = 1;
  for (size_t i = 0; i < sides.data.size() / 4; ++i) {
    const auto side = load<int32_t>(sides.data, i);
    FR_CHECK(side >= 0 && !__builtin_mul_overflow(count, static_cast<uint64_t>(side), &count),
             "a shape with side {}", side);
    value.shape.push_back(side);
  }
  const auto kind = load<uint8_t>(flags.data, 0);
  if (kind == kCellClass) {
    FR_CHECK(count <= rest.size() / kTagBytes, "{} cells in {} bytes", count, rest.size());
    value.kind = MatValue::Kind::kCell;
    for (uint64_t i = 0; i < count; ++i) {
      const Element cell = take(rest);
      FR_CHECK(cell.type == kMatrix, "a cell of type {}, not a matrix", cell.type);
      value.cells.push_back(matrix(cell.data, depth + 1, values));
    }
  } else if (kind == kCharClass) {
    value.kind = MatValue::Kind::kText;
    value.text = text_of(take(rest));
  }
  return value;
}

// Grows with what the data give, up to `most` bytes.
std::vector<std::byte> inflated(Bytes data, size_t most) {
  std::vector<std::byte> out;
  z_stream stream{};
  FR_CHECK(inflateInit(&stream) == Z_OK, "zlib cannot begin");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  std::byte block[1 << 16];
  int status = Z_OK;
  while (status == Z_OK && out.size() <= most) {
    stream.next_out = reinterpret_cast<Bytef*>(block);
    stream.avail_out = sizeof block;
    status = inflate(&stream, Z_NO_FLUSH);
    out.insert(out.end(), block, block + (sizeof block - stream.avail_out));
  }
  inflateEnd(&stream);
  FR_CHECK(out.size() <= most, "compressed variables of more than {} bytes", kMostInflated);
  FR_CHECK(status == Z_STREAM_END, "damaged compressed data");
  return out;
}

}  // namespace

std::vector<MatValue> read_mat(const std::filesystem::path& path) {
  const MappedFile file(path);
  FR_CHECK(file.text().starts_with("MATLAB 5.0") && file.text().size() >= kHeaderBytes &&
               file.text().substr(kHeaderBytes - 2, 2) == "IM",
           "{}: not a little-endian MATLAB file of version 5", path.string());
  std::vector<MatValue> variables;
  size_t budget = kMostInflated;
  int64_t values = kMostValues;
  Bytes rest = file.bytes().subspan(kHeaderBytes);
  while (!rest.empty()) {
    const size_t offset = file.bytes().size() - rest.size();
    try {
      Element element = take(rest);
      std::vector<std::byte> inside;
      if (element.type == kCompressed) {
        inside = inflated(element.data, budget);
        budget -= inside.size();
        Bytes whole(inside);
        element = take(whole);
      }
      if (element.type == kMatrix) variables.push_back(matrix(element.data, 1, values));
    } catch (const Error& error) {
      fail("{}: offset {}: {}", path.string(), offset, error.what());
    }
  }
  return variables;
}

}  // namespace fr
