// fr-bench read: images a second through the Loader, decoded, mirrored and normalised, by one worker and by
// all. Files are in the page cache: this measures decoding, not the disk.
#include <fmt/core.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "../apps/fr_bench.h"
#include "core/error.h"
#include "core/files.h"
#include "core/parallel.h"
#include "core/verification_bin.h"
#include "data/loader.h"
#include "data/packed.h"
#include "embed/item_images.h"
#include "eval/plan.h"
#include "image/image.h"
#include "readers/readers.h"
#include "synth/synth.h"

namespace fr {
namespace {

namespace fs = std::filesystem;

struct ReadOptions : BenchOptions {
  std::string data;
  int64_t batch = 32, images = 320;
};

// A verification pack as a Dataset: it holds no identities, so every label is 0.
class PackImages final : public Dataset {
 public:
  explicit PackImages(const std::string& path) : path_(path), items_(items_of(path)), images_(items_) {}
  int64_t size() const override { return std::ssize(items_); }
  int64_t classes() const override { return 1; }
  int32_t label(int64_t) const override { return 0; }
  void image(int64_t index, std::span<uint8_t> rgb) const override {
    images_.crop(items_[static_cast<size_t>(index)], rgb);
  }
  std::string item_name(int64_t index) const override { return items_[static_cast<size_t>(index)].name; }
  std::string describe() const override { return fmt::format("{}: {} images", path_, size()); }
  std::string content_hash() const override { return {}; }

 private:
  static std::vector<Item> items_of(const std::string& path) {
    std::vector<Item> items(static_cast<size_t>(VerificationBin(path).images()));
    for (size_t i = 0; i < items.size(); ++i) {
      items[i].file = path;
      items[i].index_in_file = static_cast<int64_t>(i);
      items[i].name = fmt::format("{}: image {}", path, i);
    }
    return items;
  }
  std::string path_;
  std::vector<Item> items_;
  ItemImages images_;
};

std::unique_ptr<Dataset> open_images(const std::string& path) {
  if (fs::path(path).extension() == ".bin") return std::make_unique<PackImages>(path);
  return open_dataset(path);
}

// A folder of its own that goes with this object.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_((fs::temp_directory_path() / "fr-bench-XXXXXX").string()) {
    FR_CHECK(::mkdtemp(path_.data()) != nullptr, "{}: cannot be made", path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  fs::path path() const { return path_; }

 private:
  std::string path_;
};

// The same `count` synthetic crops in each form. Returns what to open.
std::vector<std::string> write_images(const fs::path& folder, int64_t count) {
  const auto dataset = make_synthetic_dataset({.identities = count / 10, .images_per_identity = 10});
  const fs::path jpegs = folder / "jpeg", pack = folder / "pack.bin", packed = folder / "packed";
  std::vector<std::vector<std::byte>> encoded;
  PackedWriter crops(packed, dataset->size());
  Image image{kCropSize, kCropSize, std::vector<uint8_t>(static_cast<size_t>(kCropBytes))};
  for (int64_t i = 0; i < dataset->size(); ++i) {
    dataset->image(i, image.rgb);
    crops.add(image.rgb, dataset->label(i));
    encoded.push_back(encode_jpeg(image));
    const std::vector<std::byte>& bytes = encoded.back();
    write_file(jpegs / std::to_string(dataset->label(i)) / fmt::format("{}.jpg", i),
               std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }
  crops.finish();
  write_verification_bin(pack, encoded, std::vector<uint8_t>(encoded.size() / 2, 1));
  return {jpegs, pack, packed};
}

double images_per_second(const Dataset& dataset, const ReadOptions& options, int workers) {
  constexpr int64_t kBatches = 50;  // a call; many, because the Loader is a few batches ahead when it begins
  const auto sampler = make_shuffling_sampler(dataset.size(), 1);
  Loader loader(dataset, *sampler, {.batch_size = options.batch, .workers = workers});
  const double seconds = seconds_per_call(options.seconds, [&] {
    for (int64_t i = 0; i < kBatches; ++i) loader.next();
  });
  return static_cast<double>(kBatches * options.batch) / seconds;
}

int run_read(const ReadOptions& options) {
  set_threads(options);
  FR_CHECK(options.images > 0 && options.images % 10 == 0, "--images {}: a positive multiple of 10",
           options.images);
  std::unique_ptr<TemporaryFolder> made;
  std::vector<std::string> sources = {options.data};
  if (options.data.empty()) {
    made = std::make_unique<TemporaryFolder>();
    sources = write_images(made->path(), options.images);
  }
  fmt::print("batch {}\n\n{:>8} {:>9} {:>11}  {}\n", options.batch, "workers", "images/s", "of a worker",
             "data");
  Json rows = Json::array();
  for (const std::string& source : sources) {
    const auto dataset = open_images(source);
    const std::string name = made ? fs::path(source).filename().string() : source;
    for (int workers = 1;; workers = thread_count()) {
      const double rate = images_per_second(*dataset, options, workers);
      fmt::print("{:8} {:9.0f} {:11.0f}  {}\n", workers, rate, rate / workers, name);
      rows.push_back({{"data", name},
                      {"images", dataset->size()},
                      {"workers", workers},
                      {"images_per_second", rate},
                      {"images_per_second_of_a_worker", rate / workers}});
      if (workers == thread_count()) break;
    }
  }
  write_report(
      options,
      {{"measurement", "read"}, {"batch", options.batch}, {"synthetic", made != nullptr}, {"reads", rows}});
  return 0;
}

}  // namespace

void add_read(Options& program) {
  static ReadOptions options;
  Options& command = program.subcommand("read", "images a second through the loader",
                                        "fr-bench read --data faces/train", [] { return run_read(options); });
  command
      .add("--data", options.data,
           "folder of images, packed crops or .bin pack; empty: synthetic faces in all three forms")
      .add("--images", options.images, "synthetic faces to make, a multiple of 10")
      .add("--batch", options.batch, "images");
  add_timing_options(command, options);
}

}  // namespace fr
