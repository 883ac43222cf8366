#include "readers/record_pack.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "core/atomic_folder.h"
#include "core/files.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/random.h"
#include "image/image.h"
#include "readers/image_record.h"
#include "readers/record_io.h"

namespace fr {

namespace {

using Encoded = std::vector<std::byte>;

Encoded encoded_crop(const Dataset& dataset, int64_t index, int quality) {
  Encoded stored = dataset.encoded(index);
  Image crop{kCropSize, kCropSize, std::vector<uint8_t>(kCropBytes)};
  if (stored.empty()) {
    dataset.image(index, crop.rgb);
    return encode_jpeg(crop, quality);
  }
  const Image image = decode_image(stored, dataset.item_name(index));
  if (image.height == kCropSize && image.width == kCropSize) return stored;
  fit_crop(image, crop.rgb);
  return encode_jpeg(crop, quality);
}

// Indices into the data set in the order of their records: by class, or shuffled.
std::vector<int64_t> record_order(const Dataset& dataset, const RecordPackOptions& options) {
  std::vector<int64_t> order(static_cast<size_t>(dataset.size()));
  std::iota(order.begin(), order.end(), 0);
  if (options.shuffled) {
    shuffle(order, RandomStream(options.seed, "records"));
  } else {
    std::ranges::stable_sort(order, {}, [&](int64_t index) { return dataset.label(index); });
  }
  return order;
}

void add_images(const Dataset& dataset, const std::vector<int64_t>& order, const RecordPackOptions& options,
                RecordWriter& writer) {
  constexpr int64_t kBlock = 512;  // encoded on all threads, written in order
  std::unique_ptr<Progress> progress;
  if (options.progress) progress = std::make_unique<Progress>("records", dataset.size(), "images");
  std::vector<Encoded> block(static_cast<size_t>(kBlock));
  for (int64_t first = 0; first < dataset.size(); first += kBlock) {
    const int64_t count = std::min(kBlock, dataset.size() - first);
    const auto source = [&](int64_t i) { return order[static_cast<size_t>(first + i)]; };
    parallel_for_throwing(count, [&](int64_t i) {
      block[static_cast<size_t>(i)] = encoded_crop(dataset, source(i), options.quality);
    });
    for (int64_t i = 0; i < count; ++i) {
      const int64_t key = first + i + (options.shuffled ? 0 : 1);
      const auto label = static_cast<float>(dataset.label(source(i)));
      ImageRecord record{
          .label = label, .id = static_cast<uint64_t>(key), .content = block[static_cast<size_t>(i)]};
      if (!options.shuffled) record.labels = {label, 1};
      writer.add(key, image_record_bytes(record));
    }
    if (progress) progress->update(first + count);
  }
}

// Keys and ranges are f32, as the format has it: above 2^24 they are rounded, and readers must count for
// themselves.
void add_range(RecordWriter& writer, int64_t key, int64_t begin, int64_t end) {
  const ImageRecord record{.labels = {static_cast<float>(begin), static_cast<float>(end)},
                           .id = static_cast<uint64_t>(key)};
  writer.add(key, image_record_bytes(record));
}

void add_identities(const Dataset& dataset, RecordWriter& writer) {
  std::vector<int64_t> counts(static_cast<size_t>(dataset.classes()), 0);
  for (int64_t i = 0; i < dataset.size(); ++i) ++counts[static_cast<size_t>(dataset.label(i))];
  const int64_t first_identity = dataset.size() + 1;
  int64_t key = first_identity, begin = 1;
  for (const int64_t count : counts) {
    add_range(writer, key++, begin, begin + count);
    begin += count;
  }
  add_range(writer, 0, first_identity, key);
}

}  // namespace

void write_records(const Dataset& dataset, const std::filesystem::path& folder,
                   const RecordPackOptions& options) {
  AtomicFolder out(folder);
  RecordWriter writer(out.temporary() / "train.rec");
  add_images(dataset, record_order(dataset, options), options, writer);
  if (!options.shuffled) add_identities(dataset, writer);
  writer.finish();
  write_file(out.temporary() / "property",
             fmt::format("{},{},{}\n", dataset.classes(), kCropSize, kCropSize));
  out.commit();
}

}  // namespace fr
