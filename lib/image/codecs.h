// The files of images other than JPEGs are read, and all are written, by OpenCV. That lies in the module
// `codecs` (core/module.h).
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "image/image.h"

namespace fr {

struct ImageCodecs {
  // Of height 0 where the bytes are no image. Throws fr::Error, "NAME: not a readable image (…)".
  Image (*decode)(std::span<const std::byte> encoded, const std::string& name);
  // As encode_jpeg and encode_png.
  std::vector<std::byte> (*jpeg)(const Image& image, int quality);
  std::vector<std::byte> (*png)(const Image& image);
};

struct ImageCodecsKind {
  static constexpr const char* name = "image codecs";
  using Factory = ImageCodecs;
};

}  // namespace fr
