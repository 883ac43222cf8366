// JPEG by libjpeg itself, because OpenCV fills what a truncated or damaged file lacks with grey and goes on:
// here every warning about coded data is an error. Pixels equal OpenCV's, which calls the same library the
// same way.
#pragma once
#include <cstddef>
#include <span>
#include <string>

#include "image/image.h"

namespace fr {

inline bool is_jpeg(std::span<const std::byte> encoded) {
  return encoded.size() >= 3 && encoded[0] == std::byte{0xff} && encoded[1] == std::byte{0xd8} &&
         encoded[2] == std::byte{0xff};
}

// Throws fr::Error "NAME: not a readable image (reason)". EXIF orientation is ignored: data sets store pixels
// upright.
Image decode_jpeg(std::span<const std::byte> encoded, const std::string& name);

// What a header says, for those who decode by another library.
struct JpegHeader {
  int64_t height = 0, width = 0;
  bool grey_or_ycc = false;  // else RGB, CMYK or YCCK
};

// Throws as decode_jpeg does where the header cannot be read or announces too much.
JpegHeader read_jpeg_header(std::span<const std::byte> encoded, const std::string& name);

// Whether the coded data run to an end-of-image marker, which a file cut short anywhere lacks. That of a
// thumbnail within a segment does not count.
bool has_end_of_image(std::span<const std::byte> encoded);

}  // namespace fr
