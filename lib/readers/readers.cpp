#include "readers/readers.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "core/error.h"
#include "readers/format.h"

namespace fr {

namespace {

namespace fs = std::filesystem;

const Format* find_format(const fs::path& path) {
  FR_CHECK(fs::exists(path), "{}: No such file or directory", path.string());
  const auto& registry = Registry<FormatKind>::instance();
  for (const std::string& name : registry.names()) {
    const Format& format = registry.find(name)();
    if (format.matches(path)) return &format;
  }
  return nullptr;
}

bool is_image_name(const fs::path& path) {
  constexpr std::array<std::string_view, 5> kEndings = {".jpg", ".jpeg", ".png", ".bmp", ".pgm"};
  std::string ending = path.extension();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end() &&
         !path.filename().string().starts_with('.');
}

}  // namespace

std::unique_ptr<Dataset> open_dataset(const std::string& path) {
  const Format* format = find_format(path);
  std::unique_ptr<Dataset> dataset = format != nullptr ? format->open(path) : nullptr;
  FR_CHECK(dataset != nullptr,
           "{}: not training data (a folder with one folder of images per identity, images.npy and "
           "labels.npy, or a "
           ".rec)",
           path);
  return dataset;
}

std::string describe_path(const std::string& path) {
  const Format* format = find_format(path);
  return format != nullptr ? format->describe(path) : std::string();
}

std::string describe_contents(const Dataset& dataset) {
  std::vector<int64_t> counts(static_cast<size_t>(dataset.classes()), 0);
  for (int64_t i = 0; i < dataset.size(); ++i) ++counts[static_cast<size_t>(dataset.label(i))];
  const auto [least, most] = std::ranges::minmax_element(counts);
  return fmt::format("images per identity: {} to {}\ncontent: {}", *least, *most, dataset.content_hash());
}

std::vector<std::string> list_images(const fs::path& folder) {
  std::vector<std::string> images;
  std::error_code error;
  fs::recursive_directory_iterator walk(folder, fs::directory_options::follow_directory_symlink, error), end;
  while (!error && walk != end) {
    if (is_image_name(walk->path()) && walk->is_regular_file(error))
      images.push_back(walk->path().lexically_relative(folder).generic_string());
    walk.increment(error);
  }
  FR_CHECK(!error, "{}: {}", folder.string(), error.message());
  std::sort(images.begin(), images.end());
  return images;
}

}  // namespace fr
