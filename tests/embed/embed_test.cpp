#include "embed/embed.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "core/error.h"
#include "core/files.h"
#include "core/landmarks.h"
#include "core/random.h"
#include "core/verification_bin.h"
#include "image/image.h"
#include "support/support.h"

using namespace fr;

namespace {

namespace fs = std::filesystem;

Image noise(uint64_t seed, bool mirrored = false) {
  Image image{.height = kCropSize, .width = kCropSize, .rgb = std::vector<uint8_t>(kCropBytes)};
  const RandomStream stream(seed, "noise");
  for (int64_t i = 0; i < kCropBytes; ++i) {
    const int64_t y = i / (3 * kCropSize), x = i / 3 % kCropSize, c = i % 3;
    const int64_t from = mirrored ? (y * kCropSize + kCropSize - 1 - x) * 3 + c : i;
    image.rgb[static_cast<size_t>(i)] = static_cast<uint8_t>(stream.bits(static_cast<uint64_t>(from)));
  }
  return image;
}

void write_png(const fs::path& path, const Image& image) {
  const std::vector<std::byte> bytes = encode_png(image);
  write_file(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

struct TinyNetwork {
  std::unique_ptr<Backend> backend = make_backend("cpu");
  Network network{"iresnet_tiny", {.embedding_size = 16}, *backend};
  TinyNetwork() { network.initialise(3); }
};

bool finite(std::span<const float> row) {
  for (const float value : row)
    if (!std::isfinite(value)) return false;
  return true;
}

bool same(std::span<const float> a, std::span<const float> b) {
  return std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

}  // namespace

TEST_CASE("rows follow the items; a failed item is a NaN row; batches do not matter") {
  test::ScratchFolder scratch;
  Plan plan;
  for (int i = 0; i < 5; ++i) {
    const std::string file = scratch / (std::to_string(i) + ".png");
    write_png(file, noise(static_cast<uint64_t>(i == 4 ? 0 : i)));
    plan.items.push_back({.name = "item" + std::to_string(i), .file = file});
  }
  write_file(scratch / "1.png", "no image");
  plan.items[3].has_landmarks = true;  // five equal points

  TinyNetwork tiny;
  const EmbeddedPlan all = embed(plan, tiny.network, {.batch_size = 32, .progress = false});
  CHECK(all.failed == 2);
  CHECK(all.first_failure.starts_with((scratch / "1.png").string() + ": not a readable image"));
  CHECK(all.original.rows == 5);
  CHECK(all.original.dim == 16);
  CHECK(all.original.names[4] == "item4");
  CHECK(all.original.model == tiny.network.parameters_hash());
  REQUIRE(all.flipped);
  for (const Embeddings* rows : {&all.original, &*all.flipped}) {
    for (const int64_t good : {0, 2, 4}) CHECK(finite(rows->row(good)));
    for (const int64_t bad : {1, 3})
      for (const float value : rows->row(bad)) CHECK(std::isnan(value));
    CHECK(same(rows->row(0), rows->row(4)));  // the same image
    CHECK_FALSE(same(rows->row(0), rows->row(2)));
  }
  const EmbeddedPlan twos = embed(plan, tiny.network, {.batch_size = 2, .flip = false, .progress = false});
  CHECK_FALSE(twos.flipped);
  for (const int64_t good : {0, 2, 4})
    for (int64_t k = 0; k < 16; ++k)
      CHECK(twos.original.row(good)[static_cast<size_t>(k)] ==
            doctest::Approx(all.original.row(good)[static_cast<size_t>(k)]).epsilon(1e-4));
}

TEST_CASE("flipped rows are the rows of mirrored images") {
  test::ScratchFolder scratch;
  write_png(scratch / "a.png", noise(7));
  write_png(scratch / "b.png", noise(7, true));
  Plan plan;
  plan.items = {{.name = "a", .file = scratch / "a.png"}, {.name = "b", .file = scratch / "b.png"}};
  TinyNetwork tiny;
  const EmbeddedPlan rows = embed(plan, tiny.network, {.progress = false});
  CHECK(same(rows.original.row(0), rows.flipped->row(1)));
  CHECK(same(rows.original.row(1), rows.flipped->row(0)));
}

TEST_CASE("landmarks on the template change nothing; shifted ones undo a shift") {
  test::ScratchFolder scratch;
  const Image image = noise(8);
  write_png(scratch / "a.png", image);
  Image large{.height = 150, .width = 140, .rgb = std::vector<uint8_t>(size_t{150} * 140 * 3)};
  for (int64_t y = 0; y < kCropSize; ++y)
    std::copy_n(&image.rgb[static_cast<size_t>(y * kCropSize * 3)], kCropSize * 3,
                &large.rgb[static_cast<size_t>(((y + 20) * 140 + 10) * 3)]);
  write_png(scratch / "b.png", large);
  Plan plan;
  plan.items = {
      {.name = "a", .file = scratch / "a.png"},
      {.name = "b", .file = scratch / "b.png", .landmarks = kReferenceLandmarks, .has_landmarks = true}};
  for (size_t i = 0; i < 10; ++i) plan.items[1].landmarks[i] += i % 2 == 0 ? 10.0f : 20.0f;
  TinyNetwork tiny;
  const EmbeddedPlan rows = embed(plan, tiny.network, {.flip = false, .progress = false});
  CHECK(same(rows.original.row(0), rows.original.row(1)));
  CHECK(rows.preprocessing == "aligned to 112x112 by five landmarks; (v - 127.5) / 127.5 RGB");
}

TEST_CASE("images inside a pack") {
  test::ScratchFolder scratch;
  write_verification_bin(scratch / "x.bin", {encode_png(noise(1)), encode_png(noise(2))}, {1});
  write_png(scratch / "a.png", noise(2));
  Plan plan;
  for (int64_t i = 0; i < 2; ++i)
    plan.items.push_back({.name = std::to_string(i), .file = scratch / "x.bin", .index_in_file = i});
  plan.items.push_back({.name = "a", .file = scratch / "a.png"});
  TinyNetwork tiny;
  const EmbeddedPlan rows = embed(plan, tiny.network, {.flip = false, .progress = false});
  CHECK(same(rows.original.row(1), rows.original.row(2)));
  CHECK_FALSE(same(rows.original.row(0), rows.original.row(1)));

  plan.items[0].index_in_file = 2;
  CHECK_THROWS_WITH_AS(embed(plan, tiny.network, {.progress = false}),
                       ((scratch / "x.bin").string() + ": image 2 of 2").c_str(), Error);
}

TEST_CASE("nothing to embed, no images, only failures: errors") {
  TinyNetwork tiny;
  Plan plan;
  CHECK_THROWS_AS(embed(plan, tiny.network, {.progress = false}), Error);
  plan.items = {{.name = "a", .file = ""}};
  CHECK_THROWS_AS(embed(plan, tiny.network, {.progress = false}), Error);
  plan.items = {{.name = "a", .file = "/nonexistent/a.png"}};
  CHECK_THROWS_AS(embed(plan, tiny.network, {.progress = false}), Error);
}
