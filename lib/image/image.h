// Encoded images <-> u8 RGB. OpenCV lives in this folder and only here.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace fr {

struct Image {
  int64_t height = 0, width = 0;
  std::vector<uint8_t> rgb;  // (height, width, 3)
};

// JPEG (image/jpeg_decoder.h), PNG, PGM, BMP by content. `name` is what an error calls it: "NAME: not a
// readable image (…)".
Image decode_image(std::span<const std::byte> encoded, const std::string& name);
Image read_image(const std::string& path);
std::vector<std::byte> encode_jpeg(const Image& image, int quality = 95);
std::vector<std::byte> encode_png(const Image& image);

// Short side to 112 and centre crop where the width is not 112 (spec/04 4.3); a 112x112 image passes
// unchanged.
void fit_crop(const Image& image, std::span<uint8_t> rgb /*(112,112,3)*/);

}  // namespace fr
