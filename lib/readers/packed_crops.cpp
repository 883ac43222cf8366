// DIR/images.npy and DIR/labels.npy (data/packed.h) as a format that --data may name.
#include <fmt/core.h>

#include "readers/format.h"
#include "readers/readers.h"

namespace fr {

namespace {

class PackedCrops final : public Format {
 public:
  bool matches(const std::filesystem::path& path) const override { return is_packed(path.string()); }
  std::string describe(const std::filesystem::path& path) const override {
    const std::unique_ptr<Dataset> dataset = open(path);
    return fmt::format("packed crops: {} images 112x112 of {} identities\n{}", dataset->size(),
                       dataset->classes(), describe_contents(*dataset));
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
