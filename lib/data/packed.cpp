// Packed crops are mapped, never read whole: a data set larger than memory trains as well as a small one.
#include "data/packed.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/npy.h"
#include "data/dataset.h"

namespace fr {

namespace {

namespace fs = std::filesystem;

fs::path images_path(const fs::path& directory) { return directory / "images.npy"; }
fs::path labels_path(const fs::path& directory) { return directory / "labels.npy"; }

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text;
  for (const int64_t extent : shape) text += (text.empty() ? "" : ", ") + std::to_string(extent);
  return "(" + text + ")";
}

class PackedDataset final : public Dataset {
 public:
  explicit PackedDataset(const fs::path& directory) : directory_(directory), images_(images_path(directory)) {
    const auto& shape = images_.shape();
    const std::string images = images_path(directory).string();
    FR_CHECK(shape.size() == 4 && shape[1] == kCropSize && shape[2] == kCropSize && shape[3] == 3,
             "{}: shape {}, not (n, 112, 112, 3)", images, shape_text(shape));
    FR_CHECK(images_.descr() == "|u1", "{}: dtype {}, not |u1", images, images_.descr());
    FR_CHECK(!images_.fortran_order(), "{}: Fortran order, not C order", images);
    FR_CHECK(shape[0] > 0, "{}: no images", images);

    const Npy labels(labels_path(directory));
    FR_CHECK(labels.shape().size() == 1 && labels.shape()[0] == shape[0],
             "{}: shape {} does not match the {} images of {}", labels_path(directory).string(),
             shape_text(labels.shape()), shape[0], images);
    const std::vector<int64_t> values = labels.integers();
    labels_.reserve(values.size());
    for (size_t row = 0; row < values.size(); ++row) {
      FR_CHECK(values[row] >= 0 && values[row] < most_classes(shape[0]),
               "{}: row {}: label {} is out of range for {} images", labels_path(directory).string(), row,
               values[row], shape[0]);
      labels_.push_back(static_cast<int32_t>(values[row]));
    }
    classes_ = *std::ranges::max_element(labels_) + 1;
  }

  int64_t size() const override { return images_.shape()[0]; }
  int64_t classes() const override { return classes_; }
  int32_t label(int64_t index) const override { return labels_[static_cast<size_t>(index)]; }

  void image(int64_t index, std::span<uint8_t> rgb) const override {
    std::memcpy(rgb.data(), crop(index).data(), static_cast<size_t>(kCropBytes));
  }

  std::string item_name(int64_t index) const override {
    return fmt::format("{}: row {}", images_path(directory_).string(), index);
  }

  std::string describe() const override {
    return fmt::format("{}: {} packed crops of {} identities", directory_.string(), size(), classes_);
  }

  // All labels and up to 4096 evenly spaced crops: 200 GB are not read to start a run.
  std::string content_hash() const override {
    Hasher hasher;
    hasher.add(std::as_bytes(std::span(labels_)));
    const int64_t sampled = std::min<int64_t>(size(), 4096);
    for (int64_t i = 0; i < sampled; ++i) hasher.add(crop(i * size() / sampled));
    return hasher.text();
  }

 private:
  std::span<const std::byte> crop(int64_t index) const {
    return images_.data().subspan(static_cast<size_t>(index * kCropBytes), static_cast<size_t>(kCropBytes));
  }

  fs::path directory_;
  Npy images_;                   // (n, 112, 112, 3)
  std::vector<int32_t> labels_;  // (n)
  int32_t classes_ = 0;
};

}  // namespace

bool is_packed(const std::string& directory) {
  return is_file(images_path(directory)) && is_file(labels_path(directory));
}

std::unique_ptr<Dataset> open_packed(const std::string& directory) {
  return std::make_unique<PackedDataset>(directory);
}

PackedWriter::PackedWriter(const fs::path& directory, int64_t n)
    : directory_(directory), n_(n), images_(images_path(directory)) {
  labels_.reserve(static_cast<size_t>(n));
  images_.write(npy_header("|u1", std::array{n, kCropSize, kCropSize, int64_t{3}}));
}

void PackedWriter::add(std::span<const uint8_t> rgb, int32_t label) {
  const auto row = static_cast<int64_t>(labels_.size());
  FR_CHECK(row < n_, "{}: more than the promised {} crops", images_path(directory_).string(), n_);
  FR_CHECK(static_cast<int64_t>(rgb.size()) == kCropBytes, "{}: row {}: {} bytes, not {}",
           images_path(directory_).string(), row, rgb.size(), kCropBytes);
  FR_CHECK(label >= 0, "{}: row {}: label {} is negative", labels_path(directory_).string(), row, label);
  images_.write(std::as_bytes(rgb));
  labels_.push_back(label);
}

void PackedWriter::finish() {
  const auto rows = static_cast<int64_t>(labels_.size());
  FR_CHECK(rows == n_, "{}: {} crops of the promised {}", images_path(directory_).string(), rows, n_);
  images_.commit();
  write_npy(labels_path(directory_), std::span<const int32_t>(labels_), {n_});
}

}  // namespace fr
