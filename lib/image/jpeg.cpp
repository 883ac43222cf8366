#include "image/jpeg.h"

#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>

#include "core/error.h"
#include "image/announced_size.h"

namespace fr {

namespace {

struct Handler {
  jpeg_error_mgr manager;  // first: libjpeg hands back a pointer to it
  std::jmp_buf back;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void leave(j_common_ptr info) {
  auto* handler = reinterpret_cast<Handler*>(info->err);
  handler->manager.format_message(info, handler->message);
  std::longjmp(handler->back, 1);
}

// Level -1 is a warning: damaged data. Oddities of the header are met before a pixel is decoded and may pass.
void on_message(j_common_ptr info, int level) {
  if (level < 0 && reinterpret_cast<j_decompress_ptr>(info)->global_state > 202 /* header read */)
    leave(info);
}

// Owns the decompressor; every function that libjpeg may leave by longjmp holds nothing with a destructor.
class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> encoded) {
    info_.err = jpeg_std_error(&handler_.manager);
    handler_.manager.error_exit = leave;
    handler_.manager.emit_message = on_message;
    jpeg_create_decompress(&info_);
    jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(encoded.data()),
                 static_cast<unsigned long>(encoded.size()));
  }
  ~Decoder() { jpeg_destroy_decompress(&info_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  bool read_header() {
    if (setjmp(handler_.back) != 0) return false;
    jpeg_read_header(&info_, TRUE);
    info_.out_color_space = JCS_RGB;
    jpeg_calc_output_dimensions(&info_);
    return true;
  }
  bool read_pixels(uint8_t* rgb /*(height, width, 3)*/) {
    if (setjmp(handler_.back) != 0) return false;
    jpeg_start_decompress(&info_);
    while (info_.output_scanline < info_.output_height) {
      JSAMPROW row = rgb + static_cast<size_t>(info_.output_scanline) * info_.output_width * 3;
      jpeg_read_scanlines(&info_, &row, 1);
    }
    jpeg_finish_decompress(&info_);  // reads to the end-of-image marker
    return true;
  }
  int64_t height() const { return info_.output_height; }
  int64_t width() const { return info_.output_width; }
  bool grey_or_ycc() const {
    return info_.jpeg_color_space == JCS_GRAYSCALE || info_.jpeg_color_space == JCS_YCbCr;
  }
  const char* message() const { return handler_.message; }

 private:
  jpeg_decompress_struct info_{};
  Handler handler_{};
};

JpegHeader checked_header(Decoder& decoder, size_t bytes, const std::string& name) {
  FR_CHECK(decoder.read_header(), "{}: not a readable image (JPEG: {})", name, decoder.message());
  check_announced({decoder.width(), decoder.height()}, bytes, name);
  return {.height = decoder.height(), .width = decoder.width(), .grey_or_ycc = decoder.grey_or_ycc()};
}

}  // namespace

JpegHeader read_jpeg_header(std::span<const std::byte> encoded, const std::string& name) {
  Decoder decoder(encoded);
  return checked_header(decoder, encoded.size(), name);
}

bool has_end_of_image(std::span<const std::byte> encoded) {
  const auto byte = [&](size_t at) { return std::to_integer<size_t>(encoded[at]); };
  for (size_t at = 0; at + 1 < encoded.size();) {
    const size_t marker = byte(at) == 0xff ? byte(at + 1) : 0xff;
    const bool bare = marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8);  // or an escaped 0xff
    if (marker == 0xd9) return true;
    if (marker == 0xff) {  // coded data, or a fill byte
      ++at;
    } else if (bare) {
      at += 2;
    } else if (at + 3 < encoded.size()) {
      at += 2 + 256 * byte(at + 2) + byte(at + 3);
    } else {
      return false;
    }
  }
  return false;
}

Image decode_jpeg(std::span<const std::byte> encoded, const std::string& name) {
  Decoder decoder(encoded);
  const JpegHeader header = checked_header(decoder, encoded.size(), name);
  Image image{.height = header.height, .width = header.width, .rgb = {}};
  image.rgb.resize(static_cast<size_t>(image.height * image.width * 3));
  FR_CHECK(decoder.read_pixels(image.rgb.data()), "{}: not a readable image (JPEG: {})", name,
           decoder.message());
  return image;
}

}  // namespace fr
