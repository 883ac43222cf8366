// Encoded images, as packs and data sets hold them: JPEG by libjpeg, the rest by OpenCV.
#include "image/image.h"

#include "fuzz.h"

namespace fr::fuzz {

std::vector<std::string> seeds() {
  std::vector<uint8_t> rgb(16 * 12 * 3);
  for (size_t i = 0; i < rgb.size(); ++i) rgb[i] = static_cast<uint8_t>(i * 7);
  const Image picture{16, 12, rgb};
  std::vector<std::string> all = {"P5\n2 2\n255\nabcd", "P6 1 1 255\nabc"};
  for (const std::vector<std::byte>& bytes :
       {encode_jpeg(picture), encode_jpeg(picture, 30), encode_png(picture)})
    all.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return all;
}

void run(std::string_view input) {
  std::vector<uint8_t> rgb(112 * 112 * 3);
  fit_crop(decode_image(std::as_bytes(std::span(input)), "x"), rgb);
}

}  // namespace fr::fuzz
