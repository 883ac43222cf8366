// Verification .bin packs: what `fr-data inspect` says of one, and making one from images and LFW's
// pairs.txt.
#include "readers/verification_pack.h"

#include <fmt/core.h>

#include <map>
#include <numeric>

#include "core/error.h"
#include "core/files.h"
#include "core/lfw_pairs.h"
#include "core/verification_bin.h"
#include "image/image.h"
#include "readers/format.h"

namespace fr {

namespace {

namespace fs = std::filesystem;

class VerificationPack final : public Format {
 public:
  bool matches(const fs::path& path) const override { return is_file(path) && path.extension() == ".bin"; }
  std::string describe(const fs::path& path) const override {
    const VerificationBin bin(path);
    const std::vector<uint8_t>& same = bin.same();
    std::string text =
        fmt::format("verification pack: {} pairs, {} of the same person, {} images", same.size(),
                    std::accumulate(same.begin(), same.end(), int64_t{0}), bin.images());
    text += "\nsame person in each tenth:";
    for (size_t fold = 0; fold < 10; ++fold) {
      const auto at = [&](size_t k) {
        return same.begin() + static_cast<std::ptrdiff_t>(same.size() * k / 10);
      };
      text += fmt::format(" {}", std::accumulate(at(fold), at(fold + 1), int64_t{0}));
    }
    std::map<std::string, int64_t> sizes;
    for (int64_t i = 0; i < bin.images(); ++i)
      ++sizes[size_of_image(bin.image(i), fmt::format("{}: image {}", path.string(), i))];
    text += "\nimage sizes:";
    for (const auto& [size, count] : sizes) text += fmt::format(" {} ({} images)", size, count);
    return text;
  }

 private:
  static std::string size_of_image(std::span<const std::byte> encoded, const std::string& name) {
    try {
      const Image image = decode_image(encoded, name);
      return fmt::format("{}x{}", image.width, image.height);
    } catch (const Error&) {
      return "unreadable";
    }
  }
};

const Registration<FormatKind> registration("verification pack", []() -> const Format& {
  static const VerificationPack format;
  return format;
});

// The file of `image` ("NAME/NAME_0001"), which need not be a .jpg; its bytes are decoded once to be sure of
// them.
std::vector<std::byte> encoded_image(const fs::path& folder, const std::string& image,
                                     const std::string& where) {
  fs::path file = folder / (image + ".jpg");
  for (const char* other : {".jpeg", ".png", ".bmp", ".pgm"})
    if (!is_file(file) && is_file(folder / (image + other))) file = folder / (image + other);
  FR_CHECK(is_file(file), "{}: {}: No such file", where, file.string());
  const MappedFile mapped(file);
  decode_image(mapped.bytes(), where + ": " + file.string());
  return {mapped.bytes().begin(), mapped.bytes().end()};
}

}  // namespace

int64_t pack_lfw_pairs(const fs::path& folder, const fs::path& list, const fs::path& out) {
  const std::vector<LfwPair> pairs = parse_lfw_pairs(MappedFile(list).text(), list.string());
  std::vector<std::vector<std::byte>> images;
  std::vector<uint8_t> same;
  for (const LfwPair& pair : pairs) {
    const std::string where = fmt::format("{}:{}", list.string(), pair.line);
    images.push_back(encoded_image(folder, pair.a, where));
    images.push_back(encoded_image(folder, pair.b, where));
    same.push_back(pair.same);
  }
  write_verification_bin(out, images, same);
  return static_cast<int64_t>(pairs.size());
}

}  // namespace fr
