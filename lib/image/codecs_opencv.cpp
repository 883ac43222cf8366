// The module `codecs`.
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "core/error.h"
#include "core/registry.h"
#include "image/codecs.h"
#include "image/matrix.h"

namespace fr {

namespace {

Image decode(std::span<const std::byte> encoded, const std::string& name) {
  cv::Mat bgr;
  try {
    const cv::Mat bytes(1, static_cast<int>(encoded.size()), CV_8U, const_cast<std::byte*>(encoded.data()));
    bgr = cv::imdecode(bytes, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
  } catch (const cv::Exception& error) {
    fail("{}: not a readable image ({})", name, error.err);
  }
  Image image{.height = bgr.rows, .width = bgr.cols, .rgb = {}};
  if (bgr.empty()) return image;
  image.rgb.resize(static_cast<size_t>(image.height * image.width * 3));
  cv::cvtColor(bgr, as_matrix(image), cv::COLOR_BGR2RGB);
  return image;
}

std::vector<std::byte> encode(const Image& image, const char* extension, const std::vector<int>& parameters) {
  cv::Mat bgr;
  cv::cvtColor(as_matrix(image), bgr, cv::COLOR_RGB2BGR);
  std::vector<uchar> bytes;
  FR_CHECK(cv::imencode(extension, bgr, bytes, parameters), "cannot encode a {}x{} image as {}", image.width,
           image.height, extension);
  const auto* begin = reinterpret_cast<const std::byte*>(bytes.data());
  return {begin, begin + bytes.size()};
}

const Registration<ImageCodecsKind> kOpencv(
    "opencv", {.decode = decode,
               .jpeg =
                   [](const Image& image, int quality) {
                     return encode(image, ".jpg", {cv::IMWRITE_JPEG_QUALITY, quality});
                   },
               .png = [](const Image& image) { return encode(image, ".png", {}); }});

}  // namespace

}  // namespace fr
