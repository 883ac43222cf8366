#include "core/verification_bin.h"

#include <algorithm>

#include "core/error.h"

namespace fr {

namespace {

bool is_sequence(const PickleValue& value) {
  return value.kind == PickleKind::kList || value.kind == PickleKind::kTuple;
}

bool is_vector(const std::vector<int64_t>& shape) {
  return shape.size() == 1 || (shape.size() == 2 && (shape[0] == 1 || shape[1] == 1));
}

// The bytes of one encoded image: bytes, or a u8 array of shape (N,) or (N, 1).
std::span<const std::byte> image_bytes(const PickleValue& value, size_t index, const std::string& path) {
  const bool array = value.kind == PickleKind::kArray && value.built && value.element[0] == 'u' &&
                     value.element[1] == '1' && is_vector(value.shape);
  FR_CHECK(array || value.kind == PickleKind::kBytes, "{}: image {} is not bytes", path, index);
  return value.bytes;
}

// Labels: a list of booleans or integers, or one array of them; true is not zero.
std::vector<uint8_t> labels_of(const Pickle& pickle, const PickleValue& value, const std::string& path) {
  std::vector<uint8_t> labels;
  if (value.kind == PickleKind::kArray && value.built && is_vector(value.shape)) {
    const auto size = static_cast<size_t>(value.element[1] - '0');
    for (size_t at = 0; at < value.bytes.size(); at += size) {
      const auto element = value.bytes.subspan(at, size);
      labels.push_back(
          std::any_of(element.begin(), element.end(), [](std::byte b) { return b != std::byte{0}; }));
    }
    return labels;
  }
  FR_CHECK(is_sequence(value), "{}: the labels are not a list", path);
  for (const int32_t item : value.items) {
    const PickleValue& label = pickle[item];
    FR_CHECK(label.kind == PickleKind::kBool || label.kind == PickleKind::kInt,
             "{}: label {} is neither true nor false", path, labels.size());
    labels.push_back(label.number != 0);
  }
  return labels;
}

std::string little_endian(uint64_t value, size_t width) {
  std::string bytes;
  for (size_t i = 0; i < width; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
  return bytes;
}

}  // namespace

VerificationBin::VerificationBin(const std::filesystem::path& path)
    : file_(path), pickle_(file_.bytes(), path.string()) {
  const std::string name = path.string();
  const PickleValue& root = pickle_.root();
  FR_CHECK(is_sequence(root) && root.items.size() == 2, "{}: not a pair (images, labels)", name);
  const PickleValue& images = pickle_[root.items[0]];
  FR_CHECK(is_sequence(images), "{}: the images are not a list", name);
  same_ = labels_of(pickle_, pickle_[root.items[1]], name);
  FR_CHECK(!same_.empty(), "{}: no pairs", name);
  FR_CHECK(images.items.size() / 2 >= same_.size(), "{}: {} images for {} pairs", name, images.items.size(),
           same_.size());
  for (size_t i = 0; i < 2 * same_.size(); ++i)
    images_.push_back(image_bytes(pickle_[images.items[i]], i, name));
}

void write_verification_bin(const std::filesystem::path& path,
                            const std::vector<std::vector<std::byte>>& images,
                            const std::vector<uint8_t>& same) {
  FR_CHECK(!same.empty() && images.size() == 2 * same.size(), "{}: {} images for {} pairs", path.string(),
           images.size(), same.size());
  AtomicFile file(path);
  file.write(std::string_view("\x80\x04](", 4));  // PROTO 4, EMPTY_LIST, MARK
  for (const std::vector<std::byte>& image : images) {
    file.write(std::string_view("\x8e"));  // BINBYTES8
    file.write(little_endian(image.size(), 8));
    file.write(image);
  }
  std::string labels = "e](";  // APPENDS, EMPTY_LIST, MARK
  for (const uint8_t label : same) labels += label != 0 ? '\x88' : '\x89';
  file.write(labels + "e\x86.");  // APPENDS, TUPLE2, STOP
  file.commit();
}

}  // namespace fr
