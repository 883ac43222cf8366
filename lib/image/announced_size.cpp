#include "image/announced_size.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "core/error.h"

namespace fr {

namespace {

constexpr int64_t kMostPixels = int64_t{1} << 27;
constexpr int64_t kMostSide = 32766;  // OpenCV warps no larger image
// Every 8x8 block of a JPEG costs a bit; a PNG of one colour packs 344 pixels of three bytes in a byte.
constexpr int64_t kMostPixelsOfByte = 512;
constexpr int64_t kAlwaysAllowed = int64_t{1} << 22;  // 12 MB, for small blank pictures

int64_t big_endian(std::string_view text, size_t at) {
  int64_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(text[at + i]);
  return value;
}

int64_t little_endian(std::string_view text, size_t at) {
  uint32_t value = 0;
  for (size_t i = 4; i-- > 0;) value = value << 8 | static_cast<uint8_t>(text[at + i]);
  return static_cast<int32_t>(value);
}

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

// Numbers of a netpbm header, between blanks and comments.
std::optional<AnnouncedSize> netpbm_size(std::string_view text) {
  int64_t sides[2] = {};
  size_t at = 2;
  for (int64_t& side : sides) {
    while (at < text.size() && (is_space(text[at]) || text[at] == '#'))
      at = text[at] == '#' ? std::min(text.find('\n', at), text.size()) : at + 1;
    const size_t begin = at;
    for (; at < text.size() && std::isdigit(static_cast<uint8_t>(text[at])) != 0 && side <= kMostSide; ++at)
      side = side * 10 + (text[at] - '0');
    if (at == begin) return std::nullopt;
  }
  return AnnouncedSize{sides[0], sides[1]};
}

}  // namespace

std::optional<AnnouncedSize> announced_size(std::span<const std::byte> encoded) {
  const std::string_view text(reinterpret_cast<const char*>(encoded.data()), encoded.size());
  if (text.starts_with("\x89PNG\r\n\x1a\n") && text.size() >= 24)
    return AnnouncedSize{big_endian(text, 16), big_endian(text, 20)};
  if (text.starts_with("BM") && text.size() >= 26)  // rows are bottom-up unless the height is negative
    return AnnouncedSize{little_endian(text, 18), std::abs(little_endian(text, 22))};
  if (text.size() >= 3 && text[0] == 'P' && text[1] >= '1' && text[1] <= '6' && is_space(text[2]))
    return netpbm_size(text);
  return std::nullopt;
}

void check_announced(const AnnouncedSize& size, size_t bytes, const std::string& name) {
  const int64_t most =
      std::clamp(static_cast<int64_t>(bytes) * kMostPixelsOfByte, kAlwaysAllowed, kMostPixels);
  const bool good = 0 < size.width && size.width <= kMostSide && 0 < size.height &&
                    size.height <= kMostSide && size.width * size.height <= most;
  FR_CHECK(good, "{}: not a readable image ({}x{} pixels in {} bytes)", name, size.width, size.height, bytes);
}

}  // namespace fr
