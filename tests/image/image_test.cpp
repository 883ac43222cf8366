#include "image/image.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/error.h"
#include "core/files.h"
#include "core/random.h"
#include "support/support.h"

using namespace fr;

namespace {

// A smooth picture with a different slope in each channel.
Image ramp(int64_t height, int64_t width) {
  Image image{.height = height, .width = width, .rgb = {}};
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      image.rgb.push_back(static_cast<uint8_t>(255 * x / width));
      image.rgb.push_back(static_cast<uint8_t>(255 * y / height));
      image.rgb.push_back(static_cast<uint8_t>(60));
    }
  return image;
}

Image noise(int64_t height, int64_t width) {
  Image image{.height = height, .width = width, .rgb = {}};
  RandomStream stream(1, "noise");
  for (int64_t i = 0; i < height * width * 3; ++i)
    image.rgb.push_back(static_cast<uint8_t>(stream.next_bits()));
  return image;
}

}  // namespace

TEST_CASE("PNG comes back exactly, JPEG nearly, channels in RGB order") {
  const Image image = ramp(40, 60);
  const Image png = decode_image(encode_png(image), "x");
  CHECK(png.height == 40);
  CHECK(png.width == 60);
  CHECK(png.rgb == image.rgb);
  const Image jpeg = decode_image(encode_jpeg(image), "x");
  REQUIRE(jpeg.rgb.size() == image.rgb.size());
  int worst = 0;
  for (size_t i = 0; i < image.rgb.size(); ++i) worst = std::max(worst, std::abs(jpeg.rgb[i] - image.rgb[i]));
  CHECK(worst <= 12);
  CHECK(worst > 0);
}

TEST_CASE("PGM is read as grey RGB") {
  const std::string pgm = std::string("P5 2 1 255\n") + '\x0a' + '\xc8';
  const Image image = decode_image(std::as_bytes(std::span(pgm)), "x");
  CHECK(image.rgb == std::vector<uint8_t>{10, 10, 10, 200, 200, 200});
}

TEST_CASE("a JPEG cut short anywhere is an error of one line") {
  const std::vector<std::byte> whole = encode_jpeg(noise(112, 112));
  REQUIRE_NOTHROW(decode_image(whole, "x"));
  for (size_t size = 0; size < whole.size(); size += 97) {
    CAPTURE(size);
    try {
      decode_image(std::span(whole).first(size), "a.jpg");
      FAIL("a truncated JPEG was read");
    } catch (const Error& error) {
      const std::string what = error.what();
      CHECK(what.starts_with("a.jpg: not a readable image"));
      CHECK(what.find('\n') == std::string::npos);
    }
  }
  CHECK_THROWS_AS(decode_image(std::span(whole).first(whole.size() - 1), "x"), Error);
}

TEST_CASE("a JPEG with a damaged stretch is an error") {
  std::vector<std::byte> bytes = encode_jpeg(ramp(112, 112));
  for (size_t i = bytes.size() / 2; i < bytes.size() / 2 + 64; ++i) bytes[i] = std::byte{0xff};
  CHECK_THROWS_AS(decode_image(bytes, "x"), Error);
  bytes = encode_jpeg(noise(112, 112));
  for (size_t i = bytes.size() / 2; i < bytes.size() / 2 + 400; ++i) bytes[i] = std::byte{0};
  CHECK_THROWS_AS(decode_image(bytes, "x"), Error);
}

TEST_CASE("text, nothing and a cut PNG are errors") {
  const std::string text = "this is no image";
  CHECK_THROWS_AS(decode_image(std::as_bytes(std::span(text)), "x"), Error);
  CHECK_THROWS_WITH_AS(decode_image({}, "x"), "x: not a readable image (empty)", Error);
  const std::vector<std::byte> png = encode_png(noise(30, 30));
  CHECK_THROWS_AS(decode_image(std::span(png).first(png.size() / 2), "x"), Error);
  CHECK_THROWS_AS(read_image("/nonexistent.jpg"), Error);
}

TEST_CASE("a JPEG header that announces a giant is refused before memory is taken") {
  std::vector<std::byte> bytes = encode_jpeg(ramp(16, 16));
  for (size_t i = 0; i + 8 < bytes.size(); ++i)
    if (bytes[i] == std::byte{0xff} && bytes[i + 1] == std::byte{0xc0})
      for (size_t k = i + 5; k < i + 9; ++k) bytes[k] = std::byte{0xfe};
  const std::string expected =
      fmt::format("x: not a readable image (65278x65278 pixels in {} bytes)", bytes.size());
  CHECK_THROWS_WITH_AS(decode_image(bytes, "x"), expected.c_str(), Error);
}

TEST_CASE("PNG, BMP and PGM headers that announce giants are refused before memory is taken") {
  std::vector<std::byte> png = encode_png(ramp(16, 16));
  png[17] = std::byte{1};  // 65552 columns
  std::string bmp(70, '\0'), pgm = "P5\n# of nothing\n30000 30000 255\n";
  bmp.replace(0, 2, "BM");
  for (const size_t at : {18u, 22u}) bmp.replace(at, 4, std::string("\x00\x70\0\0", 4));
  CHECK_THROWS_AS(decode_image(png, "x"), Error);
  CHECK_THROWS_WITH_AS(decode_image(std::as_bytes(std::span(bmp)), "x"),
                       "x: not a readable image (28672x28672 pixels in 70 bytes)", Error);
  CHECK_THROWS_WITH_AS(decode_image(std::as_bytes(std::span(pgm)), "x"),
                       "x: not a readable image (30000x30000 pixels in 32 bytes)", Error);
}

TEST_CASE("a picture of one colour is small, and read nevertheless") {
  const Image blank{3000, 3000, std::vector<uint8_t>(3000 * 3000 * 3, 200)};
  CHECK(decode_image(encode_png(blank), "x").rgb == blank.rgb);
  CHECK(decode_image(encode_jpeg(blank), "x").width == 3000);
}

TEST_CASE("fit_crop takes the middle of a long strip") {
  std::vector<uint8_t> rgb(112 * 112 * 3);
  for (const auto& [height, width] : {std::pair{2, 30000}, {30000, 2}}) {
    fit_crop(ramp(height, width), rgb);
    const size_t centre = (56 * 112 + 56) * 3;
    CHECK(std::abs(rgb[centre + (width > height ? 0 : 1)] - 127) <= 4);
    CHECK(rgb[centre + 2] == 60);
  }
}

TEST_CASE("fit_crop leaves a crop alone, else brings the short side to 112 and keeps the middle") {
  std::vector<uint8_t> rgb(112 * 112 * 3);
  const Image exact = noise(112, 112);
  fit_crop(exact, rgb);
  CHECK(rgb == exact.rgb);
  const Image tall = ramp(224, 112);  // no scaling: rows 56 … 167
  fit_crop(tall, rgb);
  CHECK(std::equal(rgb.begin(), rgb.end(), tall.rgb.begin() + 56 * 112 * 3));
  for (const auto& [height, width] : {std::pair{136, 92}, {250, 250}, {60, 200}, {113, 111}}) {
    fit_crop(ramp(height, width), rgb);
    // Colour of the crop's centre is that of the picture's centre.
    const size_t centre = (56 * 112 + 56) * 3;
    CHECK(std::abs(rgb[centre] - 127) <= 4);
    CHECK(std::abs(rgb[centre + 1] - 127) <= 4);
    CHECK(rgb[centre + 2] == 60);
  }
}
