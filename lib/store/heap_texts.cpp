#include "store/heap_texts.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <string_view>

#include "core/error.h"

namespace fr {

namespace {

using Bytes = std::span<const std::byte>;
using Heap = std::map<uint64_t, std::string_view>;  // by number of the object

constexpr uint64_t kReferenceBytes = 16;
constexpr uint64_t kHeaderBytes = 16;  // "GCOL", version, three reserved, size of the heap with this header
constexpr uint64_t kObjectBytes = 16;  // number, references, reserved, size of the data that follow

uint64_t load(Bytes bytes, uint64_t at, size_t width) {
  uint64_t value = 0;
  std::memcpy(&value, bytes.data() + at, width);
  return value;
}

Bytes part(Bytes file, uint64_t offset, uint64_t size) {
  FR_CHECK(offset <= file.size() && size <= file.size() - offset, "{} bytes at {} in a file of {}", size,
           offset, file.size());
  return file.subspan(offset, size);
}

Heap read_heap(Bytes file, uint64_t address) {
  const Bytes header = part(file, address, kHeaderBytes);
  FR_CHECK(std::memcmp(header.data(), "GCOL\1", 5) == 0, "no heap at {}", address);
  const Bytes heap = part(file, address, load(header, 8, 8));
  const std::string_view text(reinterpret_cast<const char*>(heap.data()), heap.size());
  Heap objects;
  uint64_t at = kHeaderBytes;
  while (at + kObjectBytes <= heap.size()) {
    const uint64_t number = load(heap, at, 2), size = load(heap, at + 8, 8);
    if (number == 0) break;  // free space, to the end
    at += kObjectBytes;
    FR_CHECK(size <= heap.size() - at, "an object of {} bytes in the heap at {}", size, address);
    objects[number] = text.substr(at, size);
    at += (size + 7) / 8 * 8;
  }
  return objects;
}

}  // namespace

std::vector<std::string> read_heap_texts(Bytes file, const std::vector<TextReferences>& references,
                                         int64_t rows) {
  std::vector<std::string> texts(static_cast<size_t>(rows));
  std::map<uint64_t, Heap> heaps;  // by address
  for (const TextReferences& block : references) {
    const int64_t count = std::min(block.rows, rows - block.first_row);
    if (count <= 0) continue;
    const Bytes stored = part(file, block.offset, static_cast<uint64_t>(count) * kReferenceBytes);
    for (int64_t i = 0; i < count; ++i) {
      const Bytes one = stored.subspan(static_cast<size_t>(i) * kReferenceBytes, kReferenceBytes);
      const uint64_t length = load(one, 0, 4), address = load(one, 4, 8), number = load(one, 12, 4);
      if (length == 0) continue;
      auto heap = heaps.find(address);
      if (heap == heaps.end()) heap = heaps.emplace(address, read_heap(file, address)).first;
      const auto object = heap->second.find(number);
      FR_CHECK(object != heap->second.end() && length <= object->second.size(),
               "row {}: no text of {} bytes in object {} of the heap at {}", block.first_row + i, length,
               number, address);
      const std::string_view text = object->second.substr(0, length);
      texts[static_cast<size_t>(block.first_row + i)] = text.substr(0, text.find('\0'));
    }
  }
  return texts;
}

}  // namespace fr
