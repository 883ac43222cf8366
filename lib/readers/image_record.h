// The payload of a .rec of images (spec/04 4.1): a header of 24 bytes, a vector of labels, the encoded image.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace fr {

struct ImageRecord {
  float label = 0;                 // where there is no vector
  std::vector<float> labels = {};  // the vector; its length is the header's flag
  uint64_t id = 0, id2 = 0;
  std::span<const std::byte> content = {};  // the encoded image; empty in records that describe others
};

// `content` points into `payload`. Throws fr::Error without a place: the caller knows the record.
ImageRecord parse_image_record(std::span<const std::byte> payload);

std::vector<std::byte> image_record_bytes(const ImageRecord& record);

}  // namespace fr
