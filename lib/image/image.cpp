#include "image/image.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <string_view>

#include "core/error.h"
#include "core/files.h"
#include "core/module.h"
#include "core/registry.h"
#include "image/announced_size.h"
#include "image/codecs.h"
#include "image/jpeg.h"
#include "image/jpeg_decoder.h"
#include "image/matrix.h"

namespace fr {

namespace {

constexpr int kCrop = 112;
constexpr int64_t kLongestStrip = 16;  // long side over short side

const ImageCodecs& codecs() {
  static const ImageCodecs loaded = [] {
    load_module("codecs");
    return Registry<ImageCodecsKind>::instance().find("opencv");
  }();
  return loaded;
}

// Walks the chunks to the last: libpng would say on stderr, by itself, that one is missing.
bool is_cut_png(std::span<const std::byte> encoded) {
  const std::string_view text(reinterpret_cast<const char*>(encoded.data()), encoded.size());
  if (!text.starts_with("\x89PNG")) return false;
  for (size_t at = 8; at + 12 <= text.size();) {
    uint32_t length = 0;
    for (size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<uint8_t>(text[at + i]);
    if (text.substr(at + 4, 4) == "IEND") return false;
    at += 12 + size_t{length};
  }
  return true;
}

}  // namespace

Image decode_image(std::span<const std::byte> encoded, const std::string& name) {
  FR_CHECK(!encoded.empty(), "{}: not a readable image (empty)", name);
  if (is_jpeg(encoded)) return jpeg_decoder()(encoded, name);
  FR_CHECK(!is_cut_png(encoded), "{}: not a readable image (PNG cut short)", name);
  const std::optional<AnnouncedSize> size = announced_size(encoded);
  FR_CHECK(size, "{}: not a readable image (no whole JPEG, PNG, BMP or PGM)", name);
  check_announced(*size, encoded.size(), name);
  Image image = codecs().decode(encoded, name);
  FR_CHECK(image.height > 0, "{}: not a readable image (no whole JPEG, PNG, BMP or PGM)", name);
  return image;
}

Image read_image(const std::string& path) { return decode_image(MappedFile(path).bytes(), path); }

std::vector<std::byte> encode_jpeg(const Image& image, int quality) { return codecs().jpeg(image, quality); }

std::vector<std::byte> encode_png(const Image& image) { return codecs().png(image); }

void fit_crop(const Image& image, std::span<uint8_t> rgb) {
  if (image.height == kCrop && image.width == kCrop) {
    std::copy(image.rgb.begin(), image.rgb.end(), rgb.begin());
    return;
  }
  const int64_t shorter = std::min(image.height, image.width);
  // A strip would be scaled to gigabytes: its middle is enough.
  const int64_t width = std::min(image.width, kLongestStrip * shorter);
  const int64_t height = std::min(image.height, kLongestStrip * shorter);
  const cv::Mat source = as_matrix(image)(cv::Rect(static_cast<int>((image.width - width) / 2),
                                                   static_cast<int>((image.height - height) / 2),
                                                   static_cast<int>(width), static_cast<int>(height)));
  const auto scaled = [&](int64_t side) { return static_cast<int>((side * kCrop + shorter / 2) / shorter); };
  cv::Mat resized = source;
  if (shorter != kCrop) {
    cv::resize(source, resized, {scaled(width), scaled(height)}, 0, 0,
               shorter > kCrop ? cv::INTER_AREA : cv::INTER_LINEAR);
  }
  const cv::Rect middle((resized.cols - kCrop) / 2, (resized.rows - kCrop) / 2, kCrop, kCrop);
  resized(middle).copyTo(cv::Mat(kCrop, kCrop, CV_8UC3, rgb.data()));
}

}  // namespace fr
