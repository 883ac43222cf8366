// DIR/IDENTITY/…/image: every folder of DIR with an image somewhere below it is one identity; labels are the
// ranks of their names. Images are decoded when asked for and fitted to the crop.
#include <fmt/core.h>

#include <map>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "image/image.h"
#include "readers/format.h"
#include "readers/readers.h"
#include "readers/record_faces.h"

namespace fr {

namespace {

namespace fs = std::filesystem;

class ImageFolder final : public Dataset {
 public:
  explicit ImageFolder(const fs::path& folder) : folder_(folder), files_(list_images(folder)) {
    std::map<std::string_view, int32_t> rank;  // sorted by name
    std::erase_if(files_, [](const std::string& file) { return file.find('/') == std::string::npos; });
    for (const std::string& file : files_) rank.emplace(identity(file), 0);
    FR_CHECK(!rank.empty(), "{}: no images in folders (one folder per identity is expected)",
             folder.string());
    int32_t next = 0;
    for (auto& [name, label] : rank) label = next++;
    for (const std::string& file : files_) labels_.push_back(rank.at(identity(file)));
    classes_ = next;
  }

  int64_t size() const override { return static_cast<int64_t>(files_.size()); }
  int64_t classes() const override { return classes_; }
  int32_t label(int64_t index) const override { return labels_[static_cast<size_t>(index)]; }
  void image(int64_t index, std::span<uint8_t> rgb) const override {
    fit_crop(read_image(item_name(index)), rgb);
  }
  std::vector<std::byte> encoded(int64_t index) const override {
    const MappedFile file(item_name(index));
    return {file.bytes().begin(), file.bytes().end()};
  }
  std::string item_name(int64_t index) const override {
    return (folder_ / files_[static_cast<size_t>(index)]).string();
  }
  std::string describe() const override {
    return fmt::format("{}: {} images in folders of {} identities", folder_.string(), size(), classes_);
  }
  // Names and sizes, not contents: millions of files are not read to start a run.
  std::string content_hash() const override {
    Hasher hasher;
    for (const std::string& file : files_) {
      std::error_code error;
      const auto size = fs::file_size(folder_ / file, error);
      hasher.add(file).add(fmt::format("\n{}\n", error ? 0 : size));
    }
    return hasher.text();
  }

 private:
  static std::string_view identity(const std::string& file) {
    return std::string_view(file).substr(0, file.find('/'));
  }
  fs::path folder_;
  std::vector<std::string> files_;  // relative, sorted
  std::vector<int32_t> labels_;
  int64_t classes_ = 0;
};

class ImageFolderFormat final : public Format {
 public:
  bool matches(const fs::path& path) const override {
    return is_folder(path) && !is_packed(path.string()) && !find_records(path);
  }
  std::string describe(const fs::path& path) const override {
    const ImageFolder folder(path);
    const Image first = read_image(folder.item_name(0));
    return fmt::format("image folder: {} images of {} identities\nfirst image: {} ({}x{} pixels)\n{}",
                       folder.size(), folder.classes(), folder.item_name(0), first.width, first.height,
                       describe_contents(folder));
  }
  std::unique_ptr<Dataset> open(const fs::path& path) const override {
    return std::make_unique<ImageFolder>(path);
  }
};

const Registration<FormatKind> registration("image folder", []() -> const Format& {
  static const ImageFolderFormat format;
  return format;
});

}  // namespace

}  // namespace fr
