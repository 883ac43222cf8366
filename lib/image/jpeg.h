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

}  // namespace fr
