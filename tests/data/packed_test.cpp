#include "data/packed.h"

#include <doctest/doctest.h>

#include <vector>

#include "core/npy.h"
#include "data/dataset.h"
#include "data/memory_dataset.h"
#include "support/support.h"

using namespace fr;
using test::contains;
using test::error_of;

namespace {

void write_pack(const std::filesystem::path& directory, const Dataset& dataset) {
  PackedWriter writer(directory, dataset.size());
  std::vector<uint8_t> rgb(static_cast<size_t>(kCropBytes));
  for (int64_t i = 0; i < dataset.size(); ++i) {
    dataset.image(i, rgb);
    writer.add(rgb, dataset.label(i));
  }
  writer.finish();
}

void write_labels(const std::filesystem::path& directory, std::vector<int32_t> labels) {
  write_npy(directory / "labels.npy", std::span<const int32_t>(labels),
            {static_cast<int64_t>(labels.size())});
}

}  // namespace

TEST_CASE("packed crops come back as they were written") {
  const test::ScratchFolder scratch;
  const test::MemoryDataset source(3, 2);
  write_pack(scratch / "pack", source);
  REQUIRE(is_packed(scratch / "pack"));
  CHECK_FALSE(is_packed(scratch.path()));
  const auto packed = open_packed(scratch / "pack");
  REQUIRE(packed->size() == 6);
  CHECK(packed->classes() == 3);
  std::vector<uint8_t> want(static_cast<size_t>(kCropBytes)), got(want.size());
  for (int64_t i = 0; i < 6; ++i) {
    source.image(i, want);
    packed->image(i, got);
    CHECK(got == want);
    CHECK(packed->label(i) == source.label(i));
  }
}

TEST_CASE("the content hash sees pixels and labels") {
  const test::ScratchFolder scratch;
  write_pack(scratch / "a", test::MemoryDataset(3, 2));
  write_pack(scratch / "b", test::MemoryDataset(2, 3));
  write_pack(scratch / "c", test::MemoryDataset(3, 2));
  const auto hash = [&](const char* name) { return open_packed(scratch / name)->content_hash(); };
  CHECK(hash("a") == hash("c"));
  CHECK(hash("a") != hash("b"));
  write_labels(scratch / "c", {0, 0, 1, 1, 2, 1});
  CHECK(hash("a") != hash("c"));
}

TEST_CASE("a writer that ends early or is abandoned leaves no data set") {
  const test::ScratchFolder scratch;
  {
    PackedWriter writer(scratch / "pack", 2);
    writer.add(std::vector<uint8_t>(static_cast<size_t>(kCropBytes)), 0);
    CHECK(contains(error_of([&] { writer.finish(); }), "1 crops of the promised 2"));
    CHECK(contains(error_of([&] { writer.add(std::vector<uint8_t>(static_cast<size_t>(kCropBytes)), -1); }),
                   "labels.npy: row 1: label -1"));
  }
  CHECK_FALSE(is_packed(scratch / "pack"));
  CHECK(std::filesystem::is_empty(scratch / "pack"));
}

TEST_CASE("faults of packed crops name the file and the row") {
  const test::ScratchFolder scratch;
  const auto pack = scratch / "pack";
  write_pack(pack, test::MemoryDataset(3, 2));
  const auto fault = [&] { return error_of([&] { open_packed(pack); }); };
  CHECK(fault().empty());
  write_labels(pack, {0, 0, 1, -1, 2, 2});
  CHECK(contains(fault(), "labels.npy: row 3: label -1 is out of range"));
  write_labels(pack, {0, 0, 1, 1, 2000000000, 2});
  CHECK(contains(fault(), "labels.npy: row 4: label 2000000000 is out of range"));
  write_labels(pack, {0, 0, 1});
  CHECK(contains(fault(), "labels.npy: shape (3) does not match the 6 images"));
  write_npy(pack / "images.npy", std::vector<uint8_t>(12), {1, 2, 2, 3});
  CHECK(contains(fault(), "images.npy: shape (1, 2, 2, 3), not (n, 112, 112, 3)"));
  write_npy(pack / "images.npy", std::vector<float>(static_cast<size_t>(kCropBytes)), {1, 112, 112, 3});
  CHECK(contains(fault(), "images.npy: dtype <f4, not |u1"));
}
