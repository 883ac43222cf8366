#include "readers/image_record.h"

#include <cstring>

#include "core/error.h"

namespace fr {

namespace {

struct Header {
  uint32_t flag;
  float label;
  uint64_t id, id2;
};
static_assert(sizeof(Header) == 24);

}  // namespace

ImageRecord parse_image_record(std::span<const std::byte> payload) {
  Header header;
  FR_CHECK(payload.size() >= sizeof header, "{} bytes are too few for the header of an image",
           payload.size());
  std::memcpy(&header, payload.data(), sizeof header);
  payload = payload.subspan(sizeof header);
  FR_CHECK(header.flag <= payload.size() / sizeof(float), "{} labels announced in {} bytes", header.flag,
           payload.size());
  ImageRecord record{.label = header.label, .id = header.id, .id2 = header.id2};
  record.labels.resize(header.flag);
  const size_t bytes = header.flag * sizeof(float);
  if (bytes > 0) std::memcpy(record.labels.data(), payload.data(), bytes);
  record.content = payload.subspan(bytes);
  return record;
}

std::vector<std::byte> image_record_bytes(const ImageRecord& record) {
  const Header header{static_cast<uint32_t>(record.labels.size()), record.labels.empty() ? record.label : 0,
                      record.id, record.id2};
  std::vector<std::byte> payload;
  for (const std::span<const std::byte> part :
       {std::as_bytes(std::span(&header, 1)), std::as_bytes(std::span(record.labels)), record.content})
    payload.insert(payload.end(), part.begin(), part.end());
  return payload;
}

}  // namespace fr
