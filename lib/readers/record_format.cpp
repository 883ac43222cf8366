// A .rec of faces, or the folder of a train.rec, as a format that --data may name.
#include <fmt/core.h>

#include "image/image.h"
#include "readers/format.h"
#include "readers/readers.h"
#include "readers/record_faces.h"

namespace fr {

namespace {

namespace fs = std::filesystem;

class RecordFormat final : public Format {
 public:
  bool matches(const fs::path& path) const override {
    return find_records(path) && !is_packed(path.string());
  }
  std::string describe(const fs::path& path) const override {
    const std::unique_ptr<Dataset> faces = open(path);
    const Image first = decode_image(faces->encoded(0), faces->item_name(0));
    return fmt::format("MXNet RecordIO: {} images of {} identities\nfirst image: {} ({}x{} pixels)\n{}",
                       faces->size(), faces->classes(), faces->item_name(0), first.width, first.height,
                       describe_contents(*faces));
  }
  std::unique_ptr<Dataset> open(const fs::path& path) const override {
    return open_records(*find_records(path));
  }
};

const Registration<FormatKind> registration("MXNet RecordIO", []() -> const Format& {
  static const RecordFormat format;
  return format;
});

}  // namespace

}  // namespace fr
