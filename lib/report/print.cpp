#include "report/print.h"

#include <array>
#include <string_view>

namespace fr {

// Code points without width (combining marks, joiners) are 0 columns, the wide East Asian blocks 2, the
// rest 1.
int display_width(std::string_view text) {
  int width = 0;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t point = length == 1 ? lead : lead & (0x7fU >> length);
    for (size_t k = 1; k < length && i + k < text.size(); ++k) {
      point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3fU);
    }
    i += length;
    if ((point >= 0x300 && point <= 0x36f) || (point >= 0x200b && point <= 0x200d)) continue;
    const bool wide = (point >= 0x1100 && point <= 0x115f) || (point >= 0x2e80 && point <= 0xa4cf) ||
                      (point >= 0xac00 && point <= 0xd7a3) || (point >= 0xf900 && point <= 0xfaff) ||
                      (point >= 0xff00 && point <= 0xff60) || (point >= 0x1f300 && point <= 0x1faff);
    width += wide ? 2 : 1;
  }
  return width;
}

std::string superscript(int number) {
  static constexpr std::array<const char*, 10> kDigits = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text;
  for (const char digit : std::to_string(number)) text += kDigits[static_cast<size_t>(digit - '0')];
  return text;
}

std::string superscripts(const Cell& cell) {
  std::string text;
  for (const int note : cell.notes) text.append(text.empty() ? "" : "˒").append(superscript(note));
  return text;
}

}  // namespace fr
