// The training set, and what every synthetic set shares.
#include "synth/synth.h"

#include <fmt/core.h>

#include <cstring>

#include "core/error.h"
#include "core/hash.h"

namespace fr {

namespace {

constexpr int kRendererVersion = 1;  // raise it when the same numbers give other pixels

class SyntheticDataset final : public Dataset {
 public:
  explicit SyntheticDataset(const SynthOptions& options) : options_(options) {
    FR_CHECK(options.identities > 0 && options.identities <= INT32_MAX, "{} synthetic identities asked for",
             options.identities);
    FR_CHECK(options.images_per_identity > 0, "{} synthetic images per identity asked for",
             options.images_per_identity);
  }
  int64_t size() const override { return options_.identities * options_.images_per_identity; }
  int64_t classes() const override { return options_.identities; }
  int32_t label(int64_t index) const override {
    return static_cast<int32_t>(index / options_.images_per_identity);
  }
  void image(int64_t index, std::span<uint8_t> rgb) const override {
    const int64_t who = label(index), which = index % options_.images_per_identity;
    const synth::Identity identity = synth::make_identity(options_.seed, who);
    // Independent of images_per_identity: more images per person keep the first ones.
    const RandomStream stream(options_.seed, "synth train image", static_cast<uint64_t>((who << 24) + which));
    synth::render(identity, synth::make_nuisance(identity, {}, stream), {}, rgb);
  }
  std::string item_name(int64_t index) const override {
    return fmt::format("synthetic identity {} image {}", label(index), index % options_.images_per_identity);
  }
  std::string describe() const override {
    return fmt::format("synthetic faces, {} identities x {} images, seed {}, rendered on demand",
                       options_.identities, options_.images_per_identity, options_.seed);
  }
  std::string content_hash() const override {
    return Hasher().add(fmt::format("version {}: {}", kRendererVersion, describe())).text();
  }

 private:
  SynthOptions options_;
};

}  // namespace

std::unique_ptr<Dataset> make_synthetic_dataset(const SynthOptions& options) {
  return std::make_unique<SyntheticDataset>(options);
}

namespace synth {

void render_shot(uint64_t seed, const Shot& shot, std::span<uint8_t> rgb) {
  render(make_identity(seed, shot.identity), shot.nuisance, {}, rgb);
}

std::vector<uint8_t> contact_sheet(const Dataset& dataset, int64_t rows, int64_t columns) {
  const int64_t each = dataset.size() / dataset.classes();
  rows = std::min(rows, dataset.classes());
  columns = std::min(columns, each);
  std::vector<uint8_t> sheet(static_cast<size_t>(rows * columns * kCropBytes)), crop(kCropBytes);
  const int64_t line = 3 * kCropSize;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) {
      dataset.image(r * each + c, crop);
      for (int64_t y = 0; y < kCropSize; ++y)
        std::memcpy(&sheet[static_cast<size_t>(((r * kCropSize + y) * columns + c) * line)],
                    &crop[static_cast<size_t>(y * line)], static_cast<size_t>(line));
    }
  return sheet;
}

std::vector<float> mean_colour(std::span<const uint8_t> rgb) {
  std::vector<float> mean(3, 0.f);
  for (size_t i = 0; i < rgb.size(); ++i) mean[i % 3] += static_cast<float>(rgb[i]);
  for (float& v : mean) v *= 3.f / static_cast<float>(rgb.size());
  return mean;
}

std::vector<float> coarse_grey(std::span<const uint8_t> rgb) {
  constexpr size_t cell = kCropSize / 8;
  std::vector<float> grey(64, 0.f);
  for (size_t y = 0; y < kCropSize; ++y)
    for (size_t x = 0; x < kCropSize; ++x) {
      const uint8_t* p = &rgb[(y * kCropSize + x) * 3];
      grey[(y / cell) * 8 + x / cell] +=
          (0.299f * static_cast<float>(p[0]) + 0.587f * static_cast<float>(p[1]) +
           0.114f * static_cast<float>(p[2])) /
          static_cast<float>(cell * cell);
    }
  float mean = 0;
  for (const float v : grey) mean += v / 64;
  for (float& v : grey) v -= mean;
  return grey;
}

}  // namespace synth
}  // namespace fr
