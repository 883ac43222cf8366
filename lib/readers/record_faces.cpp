// Opening reads the header of every image, on all threads, so that training cannot meet a bad label days
// later.
#include "readers/record_faces.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "image/image.h"
#include "readers/image_record.h"
#include "readers/record_io.h"

namespace fr {

namespace {

namespace fs = std::filesystem;

class RecordFaces final : public Dataset {
 public:
  explicit RecordFaces(const fs::path& path) : file_(path) {
    fs::path index = path;
    index.replace_extension(".idx");
    if (fs::exists(index)) {
      places_ = images_of(read_record_index(index), index);
    } else {
      places_ = scan_records(file_);
      std::erase_if(places_, [&](const RecordPlace& place) { return !has_content(place); });
    }
    FR_CHECK(!places_.empty(), "{}: no images", path.string());
    read_classes(path.parent_path() / "property");
    read_labels();
  }

  int64_t size() const override { return std::ssize(places_); }
  int64_t classes() const override { return classes_; }
  int32_t label(int64_t index) const override { return labels_[static_cast<size_t>(index)]; }

  void image(int64_t index, std::span<uint8_t> rgb) const override {
    with_record(place(index), [&](const ImageRecord& record) {
      fit_crop(decode_image(record.content, item_name(index)), rgb);
    });
  }
  std::vector<std::byte> encoded(int64_t index) const override {
    std::vector<std::byte> bytes;
    with_record(place(index), [&](const ImageRecord& record) {
      bytes.assign(record.content.begin(), record.content.end());
    });
    return bytes;
  }
  std::string item_name(int64_t index) const override { return name_of(place(index).key); }
  std::string describe() const override {
    return fmt::format("{}: {} images of {} identities", file_.path().string(), size(), classes_);
  }
  // As of packed crops: all labels, and up to 4096 evenly spaced images.
  std::string content_hash() const override {
    Hasher hasher;
    hasher.add(std::as_bytes(std::span(labels_)));
    const int64_t sampled = std::min<int64_t>(size(), 4096);
    for (int64_t i = 0; i < sampled; ++i) hasher.add(encoded(i * size() / sampled));
    return hasher.text();
  }

 private:
  const RecordPlace& place(int64_t index) const { return places_[static_cast<size_t>(index)]; }
  std::string name_of(int64_t key) const { return fmt::format("{}: record {}", file_.path().string(), key); }

  template <class Body>
  void with_record(const RecordPlace& place, const Body& body) const {
    const Record record = file_.at(place.offset);
    ImageRecord image;
    try {
      image = parse_image_record(record.payload());
    } catch (const Error& error) {
      fail("{}: {}", name_of(place.key), error.what());
    }
    body(image);
  }

  bool has_content(const RecordPlace& place) const {
    bool content = false;
    with_record(place, [&](const ImageRecord& record) { content = !record.content.empty(); });
    return content;
  }

  // `places` is the whole index, by ascending key.
  std::vector<RecordPlace> images_of(std::vector<RecordPlace> places, const fs::path& index) const {
    if (places.empty() || places[0].key != 0) return places;
    float announced = 0;
    bool header = false;
    with_record(places[0], [&](const ImageRecord& record) {
      header = !record.labels.empty();
      if (header) announced = record.labels[0];
    });
    if (!header) return places;
    FR_CHECK(announced >= 1 && announced < 1e15f, "{}: {} is no key of an identity record", name_of(0),
             announced);
    const int64_t count = std::ssize(places);
    const auto exists = [&](int64_t key) {  // keys are distinct and begin with 0
      return key < count && places[static_cast<size_t>(key)].key == key;
    };
    const int64_t end = first_identity_key(
        announced, [&](int64_t key) { return exists(key) && has_content(places[static_cast<size_t>(key)]); });
    FR_CHECK(end == 1 || exists(end - 1), "{}: announces images 1 to {}, which {} does not list", name_of(0),
             end - 1, index.string());
    places.resize(static_cast<size_t>(end));
    places.erase(places.begin());
    return places;
  }

  // The number of classes that `property` promises; 0 without one.
  void read_classes(const fs::path& property) {
    if (!fs::exists(property)) return;
    const std::string text = read_text(property), line = text.substr(0, text.find('\n'));
    const std::string where = property.string() + ":1";
    const std::vector<std::string_view> fields = split(line, ',');
    FR_CHECK(fields.size() == 3, "{}: expected 'classes,height,width', found '{}'", where,
             line.substr(0, 80));
    classes_ = parse_int(fields[0], where);
    FR_CHECK(classes_ > 0 && classes_ <= most_classes(size()), "{}: {} classes of {} images", where, classes_,
             size());
  }

  int32_t read_label(int64_t index) const {
    double label = 0;
    with_record(place(index), [&](const ImageRecord& record) {
      FR_CHECK(!record.content.empty(), "{}: holds no image", item_name(index));
      label = record.labels.empty() ? record.label : record.labels[0];
    });
    FR_CHECK(label >= 0 && label == std::floor(label), "{}: {} is no class label", item_name(index), label);
    if (classes_ > 0) {
      FR_CHECK(label < static_cast<double>(classes_),
               "{}: class label {}, but `property` promises {} classes", item_name(index), label, classes_);
    } else {
      FR_CHECK(label < static_cast<double>(most_classes(size())),
               "{}: class label {} is out of range for {} images", item_name(index), label, size());
    }
    return static_cast<int32_t>(label);
  }

  void read_labels() {
    labels_.resize(places_.size());
    parallel_for_throwing(size(), [&](int64_t i) { labels_[static_cast<size_t>(i)] = read_label(i); });
    if (classes_ == 0) classes_ = *std::ranges::max_element(labels_) + int64_t{1};
  }

  RecordFile file_;
  std::vector<RecordPlace> places_;  // (n) of the images
  std::vector<int32_t> labels_;      // (n)
  int64_t classes_ = 0;
};

}  // namespace

std::optional<fs::path> find_records(const fs::path& path) {
  if (is_folder(path)) {
    const fs::path inside = path / "train.rec";
    return is_file(inside) ? std::optional(inside) : std::nullopt;
  }
  return is_file(path) && path.extension() == ".rec" ? std::optional(path) : std::nullopt;
}

std::unique_ptr<Dataset> open_records(const fs::path& path) { return std::make_unique<RecordFaces>(path); }

int64_t first_identity_key(float announced, const std::function<bool(int64_t)>& has_content) {
  const auto key = static_cast<int64_t>(announced);
  const float next = std::nextafter(announced, std::numeric_limits<float>::infinity());
  const auto rounding = static_cast<int64_t>(next - announced) / 2;  // 0 up to 2^24, 1 up to 2^25, …
  int64_t first = key - rounding;
  while (first < key + rounding && has_content(first)) ++first;
  return first;
}

}  // namespace fr
