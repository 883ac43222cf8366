// The choice of a JPEG decoder, and nvJPEG beside libjpeg. What needs a GPU is skipped aloud without one.
#include "image/jpeg_decoder.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

#include <jpeglib.h>

#include "image/jpeg.h"
#include "image/jpeg_nvjpeg.h"
#include "support/support.h"

using namespace fr;

namespace {

// A segment that holds a whole JPEG.
constexpr std::string_view kThumbnail{"\xff\xe1\x00\x06\xff\xd8\xff\xd9", 8};

// A smooth picture of (width, height); `components` 1: grey. Chroma has a sample for every `step` x `step`
// pixels.
std::vector<std::byte> jpeg(unsigned width, unsigned height, int components, int step) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* data = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &data, &size);
  info.image_width = width;
  info.image_height = height;
  info.input_components = components;
  info.in_color_space = components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 95, TRUE);
  info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = step;
  jpeg_start_compress(&info, TRUE);
  std::vector<uint8_t> row(static_cast<size_t>(components) * width);
  for (unsigned y = 0; y < height; ++y) {
    for (size_t i = 0; i < row.size(); ++i) {
      const double x = static_cast<double>(i) / static_cast<double>(row.size());
      const double phase = static_cast<double>(i % static_cast<size_t>(components));
      row[i] = static_cast<uint8_t>(127.5 + 100 * std::sin(3 * x + 4.0 * y / height + 2 * phase));
    }
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&info, &pointer, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  const auto* begin = reinterpret_cast<const std::byte*>(data);
  std::vector<std::byte> bytes(begin, begin + size);
  std::free(data);
  return bytes;
}

bool can_use_nvjpeg() {
  const std::string why = why_no_nvjpeg();
  if (!why.empty()) MESSAGE("skipped: nvJPEG: ", why);
  return why.empty();
}

int largest_difference(const Image& a, const Image& b) {
  REQUIRE(a.height == b.height);
  REQUIRE(a.width == b.width);
  REQUIRE(a.rgb.size() == b.rgb.size());
  int largest = 0;
  for (size_t i = 0; i < a.rgb.size(); ++i) largest = std::max(largest, std::abs(a.rgb[i] - b.rgb[i]));
  return largest;
}

}  // namespace

TEST_CASE(
    "libjpeg decodes unless nvJPEG is chosen; an unknown name, and an nvJPEG that cannot be, change "
    "nothing") {
  CHECK((jpeg_decoder() == decode_jpeg));
  CHECK(test::error_of([] { choose_jpeg_decoder("turbo"); }) ==
        "JPEG decoder 'turbo' is not libjpeg or nvjpeg");
  CHECK((jpeg_decoder() == decode_jpeg));
  const std::string why = why_no_nvjpeg();
  const std::string error = test::error_of([] { choose_jpeg_decoder("nvjpeg"); });
  if (why.empty()) {
    CHECK(error.empty());
    CHECK((jpeg_decoder() == decode_jpeg_nvjpeg));
  } else {
    CHECK(error == "JPEG decoder nvjpeg: " + why);
    CHECK_FALSE(test::contains(error, "\n"));
    CHECK((jpeg_decoder() == decode_jpeg));
  }
  choose_jpeg_decoder("libjpeg");
  CHECK((jpeg_decoder() == decode_jpeg));
}

TEST_CASE("a header tells size and colours; only a whole file has an end of image") {
  const std::vector<std::byte> plain = jpeg(37, 21, 3, 2);
  const JpegHeader header = read_jpeg_header(plain, "x");
  CHECK(header.width == 37);
  CHECK(header.height == 21);
  CHECK(header.grey_or_ycc);
  std::vector<std::byte> bytes = plain;
  const auto thumbnail = std::as_bytes(std::span(kThumbnail));
  bytes.insert(bytes.begin() + 2, thumbnail.begin(), thumbnail.end());
  for (const auto& whole : {plain, bytes, jpeg(8, 8, 1, 1)}) {
    CHECK(has_end_of_image(whole));
    for (size_t size = 0; size < whole.size(); ++size)
      CHECK_FALSE(has_end_of_image(std::span(whole).first(size)));
  }
  bytes.resize(bytes.size() + 7);  // what follows the image is nobody's
  CHECK(has_end_of_image(bytes));
}

TEST_CASE("nvJPEG's pixels are within a few levels of libjpeg's, on several threads at once") {
  if (!can_use_nvjpeg()) return;
  const auto compare = [](unsigned width, unsigned height, int components, int step, int most) {
    const std::vector<std::byte> bytes = jpeg(width, height, components, step);
    return largest_difference(decode_jpeg_nvjpeg(bytes, "x"), decode_jpeg(bytes, "x")) <= most;
  };
  for (const unsigned width : {112u, 250u, 113u, 17u, 9u})
    for (const unsigned height : {112u, 57u, 301u}) {
      CAPTURE(width);
      CAPTURE(height);
      CHECK(compare(width, height, 1, 1, 3));
      CHECK(compare(width, height, 3, 1, 4));
      CHECK(compare(width, height, 3, 2, 10));
    }
  std::array<bool, 4> good{};
  {
    std::vector<std::jthread> threads;
    for (bool& mine : good)
      threads.emplace_back([&] {
        mine = true;
        for (unsigned i = 0; i < 20; ++i) mine = compare(64 + 5 * i, 96, 3, 2, 10) && mine;
      });
  }
  for (const bool mine : good) CHECK(mine);
}

TEST_CASE("nvJPEG: a file cut short anywhere is an error that names it; the next file is read") {
  if (!can_use_nvjpeg()) return;
  const std::vector<std::byte> whole = jpeg(112, 112, 3, 2);
  for (size_t size = 3; size < whole.size(); size += 97) {
    const std::string error =
        test::error_of([&] { decode_jpeg_nvjpeg(std::span(whole).first(size), "a.jpg"); });
    CAPTURE(size);
    CHECK(error.starts_with("a.jpg: not a readable image ("));
    CHECK_FALSE(test::contains(error, "\n"));
  }
  // Cut in the middle of the coded data, and ended: either an error, or pixels of the size announced.
  std::vector<std::byte> ended(whole.begin(), whole.begin() + static_cast<int64_t>(whole.size() / 2));
  ended.insert(ended.end(), {std::byte{0xff}, std::byte{0xd9}});
  const std::string error = test::error_of([&] { decode_jpeg_nvjpeg(ended, "a.jpg"); });
  MESSAGE("nvJPEG of half the coded data: ", error.empty() ? "read" : error);
  CHECK(largest_difference(decode_jpeg_nvjpeg(whole, "x"), decode_jpeg(whole, "x")) <= 10);
}
