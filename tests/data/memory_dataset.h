// A few made-up crops in memory: every identity has its own coarse colour pattern, every image its own noise.
#pragma once
#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

#include "core/error.h"
#include "core/random.h"
#include "data/dataset.h"
#include "support/support.h"

namespace fr::test {

class MemoryDataset final : public Dataset {
 public:
  MemoryDataset(int64_t identities, int64_t images) : identities_(identities), images_(images) {}

  int64_t bad_image = -1;    // image() of this one throws
  int64_t stray_label = -1;  // this one's label is one too large

  int64_t size() const override { return identities_ * images_; }
  int64_t classes() const override { return identities_; }
  int32_t label(int64_t index) const override {
    return static_cast<int32_t>(index == stray_label ? identities_ : index / images_);
  }
  void image(int64_t index, std::span<uint8_t> rgb) const override {
    FR_CHECK(index != bad_image, "{}: not a readable image", item_name(index));
    const RandomStream pattern(1, "pattern", static_cast<uint64_t>(index / images_));
    const RandomStream noise(1, "noise", static_cast<uint64_t>(index));
    for (int64_t i = 0; i < kCropBytes; ++i) {
      const int64_t y = i / (3 * kCropSize) / 28, x = i / 3 % kCropSize / 28;
      const auto cell = static_cast<uint64_t>((y * 4 + x) * 3 + i % 3);
      const float value =
          40 + 160 * pattern.uniform(cell) + 30 * noise.uniform(static_cast<uint64_t>(i / 64));
      rgb[static_cast<size_t>(i)] = static_cast<uint8_t>(value);
    }
  }
  std::string item_name(int64_t index) const override { return fmt::format("memory/{}.jpg", index); }
  std::string describe() const override { return fmt::format("{} images in memory", size()); }
  std::string content_hash() const override { return fmt::format("memory:{}x{}", identities_, images_); }

 private:
  int64_t identities_, images_;
};

// Vectors in place of crops: each identity has its own direction, each vector its own noise.
class MemoryVectors final : public Dataset {
 public:
  MemoryVectors(int64_t identities, int64_t each, int64_t size)
      : identities_(identities), each_(each), size_(size) {}

  int64_t size() const override { return identities_ * each_; }
  int64_t classes() const override { return identities_; }
  int32_t label(int64_t index) const override { return static_cast<int32_t>(index / each_); }
  int64_t vector_size() const override { return size_; }
  void image(int64_t, std::span<uint8_t>) const override { fail("vectors, not images"); }
  void vector(int64_t index, std::span<float> values) const override {
    const RandomStream direction(1, "direction", static_cast<uint64_t>(index / each_));
    const RandomStream noise(1, "noise", static_cast<uint64_t>(index));
    for (size_t k = 0; k < values.size(); ++k) values[k] = direction.normal(k) + 0.3f * noise.normal(k);
  }
  std::string class_name(int32_t label) const override { return std::to_string(100 + label); }
  std::string item_name(int64_t index) const override { return fmt::format("vector {}", index); }
  std::string describe() const override { return fmt::format("{} vectors in memory", size()); }
  std::string content_hash() const override { return fmt::format("vectors:{}x{}", identities_, each_); }

 private:
  int64_t identities_, each_, size_;
};

}  // namespace fr::test
