#include "image/jpeg_decoder.h"

#include <atomic>

#include "core/error.h"
#include "image/jpeg.h"
#include "image/jpeg_nvjpeg.h"

namespace fr {

namespace {

std::atomic<JpegDecoder> chosen = decode_jpeg;

}  // namespace

void choose_jpeg_decoder(const std::string& name) {
  FR_CHECK(name == "libjpeg" || name == "nvjpeg", "JPEG decoder '{}' is not libjpeg or nvjpeg", name);
  const std::string why = name == "nvjpeg" ? why_no_nvjpeg() : "";
  FR_CHECK(why.empty(), "JPEG decoder nvjpeg: {}", why);
  chosen = name == "nvjpeg" ? decode_jpeg_nvjpeg : decode_jpeg;
}

JpegDecoder jpeg_decoder() { return chosen; }

}  // namespace fr
