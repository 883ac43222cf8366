// Files that hold no data set but may lie in one: what `fr-data inspect` says of an array or of a list of
// pairs.
#include <fmt/core.h>

#include <algorithm>

#include "core/files.h"
#include "core/lfw_pairs.h"
#include "core/npy.h"
#include "image/image.h"
#include "readers/format.h"

namespace fr {

namespace {

namespace fs = std::filesystem;

class NpyFormat final : public Format {
 public:
  bool matches(const fs::path& path) const override { return is_file(path) && path.extension() == ".npy"; }
  std::string describe(const fs::path& path) const override {
    const Npy npy(path);
    std::string shape;
    for (const int64_t side : npy.shape()) shape += (shape.empty() ? "" : ", ") + std::to_string(side);
    return fmt::format("NumPy array: shape ({}), type {}{}", shape, npy.descr(),
                       npy.fortran_order() ? ", Fortran order" : "");
  }
};

class PairsFormat final : public Format {
 public:
  bool matches(const fs::path& path) const override {
    return is_file(path) && path.extension() == ".txt" && path.filename().string().starts_with("pairs");
  }
  std::string describe(const fs::path& path) const override {
    const std::vector<LfwPair> pairs = parse_lfw_pairs(MappedFile(path).text(), path.string());
    std::vector<std::string> images;
    for (const LfwPair& pair : pairs) images.insert(images.end(), {pair.a, pair.b});
    std::sort(images.begin(), images.end());
    images.erase(std::unique(images.begin(), images.end()), images.end());
    const auto same =
        std::count_if(pairs.begin(), pairs.end(), [](const LfwPair& pair) { return pair.same; });
    return fmt::format("LFW pair list: {} pairs, {} of the same person, {} distinct images", pairs.size(),
                       same, images.size());
  }
};

class ImageFormat final : public Format {
 public:
  bool matches(const fs::path& path) const override {
    const fs::path ending = path.extension();
    return is_file(path) && (ending == ".jpg" || ending == ".jpeg" || ending == ".png" || ending == ".bmp" ||
                             ending == ".pgm");
  }
  std::string describe(const fs::path& path) const override {
    const Image image = read_image(path.string());
    return fmt::format("image: {}x{} pixels", image.width, image.height);
  }
};

template <class Kind>
const Format& instance() {
  static const Kind format;
  return format;
}

const Registration<FormatKind> npy("NumPy array", instance<NpyFormat>);
const Registration<FormatKind> pairs("LFW pair list", instance<PairsFormat>);
const Registration<FormatKind> image("image", instance<ImageFormat>);

}  // namespace

}  // namespace fr
