// DIR/images.npy and DIR/labels.npy (data/packed.h) as a format that --data may name.
#include <fmt/core.h>

#include <algorithm>

#include "readers/format.h"

namespace fr {

namespace {

class PackedCrops final : public Format {
 public:
  bool matches(const std::filesystem::path& path) const override { return is_packed(path.string()); }
  std::string describe(const std::filesystem::path& path) const override {
    const std::unique_ptr<Dataset> dataset = open(path);
    std::vector<int64_t> counts(static_cast<size_t>(dataset->classes()), 0);
    for (int64_t i = 0; i < dataset->size(); ++i) ++counts[static_cast<size_t>(dataset->label(i))];
    const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
    return fmt::format(
        "packed crops: {} images 112x112 of {} identities\nimages per identity: {} to {}\ncontent: {}",
        dataset->size(), dataset->classes(), *least, *most, dataset->content_hash());
  }
  std::unique_ptr<Dataset> open(const std::filesystem::path& path) const override {
    return open_packed(path.string());
  }
};

const Registration<FormatKind> registration("packed crops", []() -> const Format& {
  static const PackedCrops format;
  return format;
});

}  // namespace

}  // namespace fr
