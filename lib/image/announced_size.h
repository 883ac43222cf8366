// What an image's header announces, before memory is given to it: OpenCV and libjpeg would take gigabytes on
// the word of a few bytes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace fr {

struct AnnouncedSize {
  int64_t width = 0, height = 0;
};

// Of a PNG, BMP or PGM/PPM/PBM, by whole signatures, so that OpenCV has no other decoder to try; nothing
// where the bytes are none of these or the header is cut short.
std::optional<AnnouncedSize> announced_size(std::span<const std::byte> encoded);

// Throws fr::Error "NAME: not a readable image (WxH pixels in N bytes)" where `bytes` of file cannot hold so
// many, or nobody has so large a photograph.
void check_announced(const AnnouncedSize& size, size_t bytes, const std::string& name);

}  // namespace fr
