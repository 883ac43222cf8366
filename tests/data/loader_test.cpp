#include "data/loader.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "data/memory_dataset.h"

using namespace fr;
using test::contains;
using test::error_of;
using test::MemoryDataset;

namespace {

struct Seen {
  std::vector<float> images;
  std::vector<int32_t> labels;
  int64_t epoch, index;
  bool operator==(const Seen&) const = default;
};

Seen copy(const Batch& batch) {
  const auto floats = batch.images.floats();
  return {
      {floats.begin(), floats.end()}, {batch.labels.begin(), batch.labels.end()}, batch.epoch, batch.index};
}

std::vector<Seen> batches(const Dataset& dataset, LoaderOptions options, int64_t first, int count) {
  options.first_batch = first;
  const auto sampler = make_shuffling_sampler(dataset.size(), options.seed);
  Loader loader(dataset, *sampler, options);
  std::vector<Seen> seen;
  for (int i = 0; i < count; ++i) seen.push_back(copy(loader.next()));
  return seen;
}

}  // namespace

TEST_CASE("an epoch is a permutation that depends on seed and epoch only") {
  const auto sampler = make_shuffling_sampler(100, 7);
  auto first = sampler->epoch(0);
  CHECK(first == make_shuffling_sampler(100, 7)->epoch(0));
  CHECK(first != sampler->epoch(1));
  CHECK(first != make_shuffling_sampler(100, 8)->epoch(0));
  CHECK_FALSE(std::ranges::is_sorted(first));
  std::ranges::sort(first);
  for (int64_t i = 0; i < 100; ++i) CHECK(first[static_cast<size_t>(i)] == i);
}

TEST_CASE("batches do not depend on the number of workers") {
  const MemoryDataset dataset(5, 5);  // 25 images: three batches of 8 an epoch, one image dropped
  LoaderOptions options{.batch_size = 8, .seed = 3};
  const auto want = batches(dataset, options, 0, 8);
  CHECK(want[2].epoch == 0);
  CHECK(want[3].epoch == 1);
  CHECK(want[3].index == 0);
  for (int workers = 2; workers <= 4; ++workers) {
    options.workers = workers;
    CHECK(batches(dataset, options, 0, 8) == want);
  }
}

TEST_CASE("a loader that starts at any batch continues the same sequence") {
  const MemoryDataset dataset(5, 5);
  LoaderOptions options{.batch_size = 8, .seed = 3, .workers = 2};
  const auto want = batches(dataset, options, 0, 8);
  for (int64_t first = 1; first < 8; ++first) {
    const auto got = batches(dataset, options, first, 8 - static_cast<int>(first));
    CHECK(std::ranges::equal(got, std::span(want).subspan(static_cast<size_t>(first))));
  }
}

TEST_CASE("batches hold the images and labels the sampler asked for") {
  const MemoryDataset dataset(4, 3);
  const LoaderOptions options{.batch_size = 4, .seed = 11, .flip = false};
  const auto order = make_shuffling_sampler(dataset.size(), 11)->epoch(0);
  std::vector<uint8_t> rgb(static_cast<size_t>(kCropBytes));
  std::vector<float> want(static_cast<size_t>(kCropBytes));
  const auto seen = batches(dataset, options, 0, 3);
  for (size_t k = 0; k < 3; ++k) {
    for (size_t i = 0; i < 4; ++i) {
      dataset.image(order[k * 4 + i], rgb);
      to_network_input(rgb, false, {}, want.data());
      const auto got = std::span(seen[k].images).subspan(i * want.size(), want.size());
      CHECK(std::ranges::equal(got, want));
      CHECK(seen[k].labels[i] == dataset.label(order[k * 4 + i]));
    }
  }
}

TEST_CASE("half of the images are mirrored, anew each epoch") {
  const MemoryDataset dataset(10, 10);
  LoaderOptions options{.batch_size = 50, .seed = 5, .workers = 2};
  const auto flipped = batches(dataset, options, 0, 8);
  options.flip = false;
  const auto plain = batches(dataset, options, 0, 8);
  std::vector<int> mirrored(8);
  for (size_t k = 0; k < 8; ++k) {
    for (int64_t i = 0; i < 50; ++i) {
      const auto one = [&](const Seen& batch) {
        return std::span(batch.images)
            .subspan(static_cast<size_t>(i * kCropBytes), static_cast<size_t>(kCropBytes));
      };
      if (!std::ranges::equal(one(flipped[k]), one(plain[k]))) ++mirrored[k];
    }
  }
  int total = 0;
  for (const int count : mirrored) total += count;
  CHECK(total > 160);  // 400 fair coins: four deviations are 40
  CHECK(total < 240);
  CHECK_FALSE(std::ranges::all_of(mirrored, [&](int count) { return count == mirrored[0]; }));
}

TEST_CASE("vectors come as they are, never mirrored") {
  const test::MemoryVectors dataset(3, 4, 7);
  const auto order = make_shuffling_sampler(dataset.size(), 2048)->epoch(0);
  const auto seen = batches(dataset, {.batch_size = 4, .workers = 2}, 0, 3);
  std::vector<float> want(7);
  for (size_t i = 0; i < 12; ++i) {
    dataset.vector(order[i], want);
    REQUIRE(seen[i / 4].images.size() == 28);
    CHECK(std::ranges::equal(want, std::span(seen[i / 4].images).subspan(i % 4 * 7, 7)));
    CHECK(seen[i / 4].labels[i % 4] == dataset.label(order[i]));
  }
  const MemoryDataset images(2, 2);
  CHECK(error_of([&] { images.vector(0, want); }) == "4 images in memory: holds images, not vectors");
}

TEST_CASE("an unreadable image and a stray label are errors of the batch that holds them, every time") {
  MemoryDataset dataset(4, 3);
  const auto order = make_shuffling_sampler(dataset.size(), 2048)->epoch(0);
  dataset.bad_image = order[6];  // the second batch
  for (int workers = 1; workers <= 4; ++workers) {
    const auto sampler = make_shuffling_sampler(dataset.size(), 2048);
    Loader loader(dataset, *sampler, {.batch_size = 4, .workers = workers});
    loader.next();
    const std::string want = dataset.item_name(order[6]) + ": not a readable image";
    CHECK(error_of([&] { loader.next(); }) == want);
    CHECK(error_of([&] { loader.next(); }) == want);
  }
  dataset.bad_image = -1;
  dataset.stray_label = order[1];
  const auto sampler = make_shuffling_sampler(dataset.size(), 2048);
  Loader loader(dataset, *sampler, {.batch_size = 4});
  CHECK(contains(error_of([&] { loader.next(); }), "label 4 is out of range (0 to 3)"));
}

TEST_CASE("a batch larger than the data set is refused") {
  const MemoryDataset dataset(2, 2);
  const auto sampler = make_shuffling_sampler(4, 1);
  CHECK(contains(error_of([&] { Loader(dataset, *sampler, {.batch_size = 5}); }), "one batch of 5"));
  CHECK(contains(error_of([&] { Loader(dataset, *sampler, {.batch_size = 0}); }), "batch size 0"));
}

TEST_CASE("a loader abandoned with work in hand ends") {
  const MemoryDataset dataset(10, 10);
  const auto sampler = make_shuffling_sampler(100, 1);
  for (int i = 0; i < 20; ++i) {
    Loader loader(dataset, *sampler, {.batch_size = 20, .workers = 3});
    if (i % 2 == 0) loader.next();
  }
}

TEST_CASE("time spent waiting for workers is counted") {
  class Slow final : public Dataset {
   public:
    int64_t size() const override { return 4; }
    int64_t classes() const override { return 1; }
    int32_t label(int64_t) const override { return 0; }
    void image(int64_t, std::span<uint8_t>) const override {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    std::string item_name(int64_t) const override { return "slow"; }
    std::string describe() const override { return "slow"; }
    std::string content_hash() const override { return "slow"; }
  } dataset;
  const auto sampler = make_shuffling_sampler(4, 1);
  Loader loader(dataset, *sampler, {.batch_size = 4});
  for (int i = 0; i < 3; ++i) loader.next();  // 0.24 s of images: also a consumer that comes late must wait
  CHECK(loader.seconds_waited() > 0.05);
}
