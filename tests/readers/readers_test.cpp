#include "readers/readers.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/files.h"
#include "core/npy.h"
#include "core/registry.h"
#include "core/verification_bin.h"
#include "image/image.h"
#include "readers/format.h"
#include "readers/verification_pack.h"
#include "support/support.h"

using namespace fr;

namespace {

namespace fs = std::filesystem;

// A PNG of one colour.
void write_png(const fs::path& path, int64_t height, int64_t width, uint8_t red) {
  Image image{.height = height, .width = width, .rgb = {}};
  for (int64_t i = 0; i < height * width; ++i) image.rgb.insert(image.rgb.end(), {red, 20, 30});
  const std::vector<std::byte> bytes = encode_png(image);
  write_file(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

TEST_CASE("the formats that programs take") {
  CHECK(Registry<FormatKind>::instance().names() ==
        std::vector<std::string>{"LFW pair list", "MXNet RecordIO", "NumPy array", "image", "image folder",
                                 "packed crops", "verification pack"});
}

TEST_CASE("an image folder: labels are the ranks of the folders' names, images lie at any depth") {
  test::ScratchFolder scratch;
  write_png(scratch / "b/1.png", 112, 112, 1);
  write_png(scratch / "b/clip/0/2.PNG", 112, 112, 2);
  write_png(scratch / "a/x.png", 130, 120, 3);
  write_png(scratch / "c/3.png", 112, 112, 4);
  write_png(scratch / "loose.png", 112, 112, 5);
  write_png(scratch / "c/.hidden.png", 112, 112, 6);
  write_file(scratch / "c/notes.txt", "no image");
  fs::create_directory(scratch / "empty");

  const std::unique_ptr<Dataset> dataset = open_dataset(scratch.path());
  CHECK(dataset->size() == 4);
  CHECK(dataset->classes() == 3);
  const std::vector<std::pair<int32_t, uint8_t>> expected = {{0, 3}, {1, 1}, {1, 2}, {2, 4}};
  std::vector<uint8_t> rgb(kCropBytes);
  for (size_t i = 0; i < expected.size(); ++i) {
    CHECK(dataset->label(static_cast<int64_t>(i)) == expected[i].first);
    dataset->image(static_cast<int64_t>(i), rgb);
    CHECK(rgb[0] == expected[i].second);
    CHECK(rgb[kCropBytes - 1] == 30);
  }
  CHECK(dataset->item_name(0) == (scratch / "a/x.png").string());
  const std::string hash = dataset->content_hash();
  CHECK(hash == open_dataset(scratch.path())->content_hash());
  write_png(scratch / "d/1.png", 112, 112, 1);
  CHECK(hash != open_dataset(scratch.path())->content_hash());
  CHECK(describe_path(scratch.path()).starts_with("image folder: 5 images of 4 identities"));
}

TEST_CASE("a corrupt image is an error that names its file; other images are not harmed") {
  test::ScratchFolder scratch;
  write_png(scratch / "a/1.png", 112, 112, 1);
  write_file(scratch / "a/2.jpg", "not an image");
  const std::unique_ptr<Dataset> dataset = open_dataset(scratch.path());
  std::vector<uint8_t> rgb(kCropBytes);
  CHECK_NOTHROW(dataset->image(0, rgb));
  CHECK_THROWS_WITH_AS(
      dataset->image(1, rgb),
      ((scratch / "a/2.jpg").string() + ": not a readable image (no whole JPEG, PNG, BMP or PGM)").c_str(),
      Error);
}

TEST_CASE("paths that hold no training data are refused") {
  test::ScratchFolder scratch;
  CHECK_THROWS_WITH_AS(open_dataset(scratch / "none"),
                       ((scratch / "none").string() + ": No such file or directory").c_str(), Error);
  CHECK_THROWS_AS(open_dataset(scratch.path()), Error);
  write_png(scratch / "flat.png", 10, 10, 1);
  CHECK_THROWS_AS(open_dataset(scratch.path()), Error);
  write_file(scratch / "what.xyz", "?");
  CHECK(describe_path(scratch / "what.xyz").empty());
}

TEST_CASE("packing pairs copies the encoded images in the order of the list") {
  test::ScratchFolder scratch;
  write_png(scratch / "i/A/A_0001.png", 8, 8, 1);
  write_png(scratch / "i/A/A_0002.png", 8, 8, 2);
  write_png(scratch / "i/B/B_0001.png", 9, 8, 3);
  write_file(scratch / "pairs.txt", "1\t1\nA\t1\t2\nA\t2\tB\t1\n");
  CHECK(pack_lfw_pairs(scratch / "i", scratch / "pairs.txt", scratch / "x.bin") == 2);
  const VerificationBin bin(scratch / "x.bin");
  CHECK(bin.same() == std::vector<uint8_t>{1, 0});
  const char* files[] = {"A/A_0001", "A/A_0002", "A/A_0002", "B/B_0001"};
  for (int64_t i = 0; i < 4; ++i) {
    const std::string bytes = read_text(scratch / (std::string("i/") + files[i] + ".png"));
    CHECK(std::string_view(reinterpret_cast<const char*>(bin.image(i).data()), bin.image(i).size()) == bytes);
  }
  const std::string text = describe_path(scratch / "x.bin");
  CHECK(text.starts_with("verification pack: 2 pairs, 1 of the same person, 4 images\n"));
  CHECK(text.ends_with("image sizes: 8x8 (3 images) 8x9 (1 images)"));

  write_file(scratch / "bad.txt", "1\t1\nA\t1\t2\nA\t2\tB\t7\n");
  CHECK_THROWS_WITH_AS(
      pack_lfw_pairs(scratch / "i", scratch / "bad.txt", scratch / "y.bin"),
      ((scratch / "bad.txt").string() + ":3: " + (scratch / "i/B/B_0007.jpg").string() + ": No such file")
          .c_str(),
      Error);
  write_file(scratch / "i/B/B_0007.jpg", "no JPEG");
  CHECK_THROWS_AS(pack_lfw_pairs(scratch / "i", scratch / "bad.txt", scratch / "y.bin"), Error);
  CHECK_FALSE(fs::exists(scratch / "y.bin"));
}

TEST_CASE("a real verification pickle holds ten pairs of images that decode") {
  const fs::path data = test::shared_data();
  if (data.empty()) return;
  const VerificationBin bin(data / "verification_bin/small_lfw.bin");
  CHECK(bin.same().size() == 10);
  REQUIRE(bin.images() == 20);
  for (int64_t i = 0; i < 20; ++i) {
    const Image image = decode_image(bin.image(i), "image");
    CHECK(image.width == 112);
    CHECK(image.height == 112);
  }
}

TEST_CASE("the AT&T faces: 400 grey PGM images of 40 people") {
  const fs::path data = test::shared_data();
  if (data.empty()) return;
  const std::unique_ptr<Dataset> faces = open_dataset(data / "att_faces");
  CHECK(faces->size() == 400);
  CHECK(faces->classes() == 40);
  std::vector<uint8_t> rgb(kCropBytes);
  faces->image(399, rgb);
  for (size_t i = 0; i < rgb.size(); i += 3) CHECK((rgb[i] == rgb[i + 1] && rgb[i] == rgb[i + 2]));
}
