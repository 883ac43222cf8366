// Dataset: an immutable map index -> (image, label). Images are aligned crops, 112x112 RGB, rows top to
// bottom; or it holds vectors in their place.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/tensor.h"

namespace fr {

inline constexpr int64_t kCropSize = 112;
inline constexpr int64_t kCropBytes = kCropSize * kCropSize * 3;

// A class is a row of weights, so a stray large label, or number of classes, would make millions of classes
// that nobody has. Classes without images are allowed within reason: a subset may keep the numbering of the
// whole.
inline int64_t most_classes(int64_t images) { return std::max<int64_t>(2 * images, 1000); }

class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual int64_t size() const = 0;
  virtual int64_t classes() const = 0;  // labels are in [0, classes)
  virtual int32_t label(int64_t index) const = 0;
  // 0: items are images. Otherwise the numbers of an item: it has vector() in place of image().
  virtual int64_t vector_size() const { return 0; }
  // Writes (112, 112, 3) RGB bytes. Callable from several threads at once. Throws fr::Error naming the file.
  virtual void image(int64_t index, std::span<uint8_t> rgb) const = 0;
  // The image as it is stored, where it is stored encoded; empty elsewhere. Throws fr::Error naming the file.
  virtual std::vector<std::byte> encoded(int64_t) const { return {}; }
  // Writes (vector_size) numbers. As image().
  virtual void vector(int64_t index, std::span<float> values) const;
  virtual std::string class_name(int32_t label) const { return std::to_string(label); }
  virtual std::string item_name(int64_t index) const = 0;  // what an error message calls this image
  virtual std::string describe() const = 0;                // one line for logs: what and where
  virtual std::string content_hash() const = 0;  // identity of the data, for results and checkpoints
  Shape input_shape() const;  // of one item as a network reads it: (1, 3, 112, 112) or (1, vector_size, 1, 1)
};

// Packed crops: DIR/images.npy u8 (n, 112, 112, 3) memory-mapped and DIR/labels.npy i4 (n). Labels are
// checked at opening.
std::unique_ptr<Dataset> open_packed(const std::string& directory);
bool is_packed(const std::string& directory);

}  // namespace fr
