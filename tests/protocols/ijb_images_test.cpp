// IJB with a network: loose crops are aligned by the landmarks of the official list before they are embedded.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "core/files.h"
#include "core/landmarks.h"
#include "core/random.h"
#include "embed/embed.h"
#include "eval/protocol.h"
#include "image/image.h"
#include "support/support.h"

using namespace fr;

namespace {

// A picture of noise of 112x112 pixels, with its corner at (x, y) of a black one of 200x180.
void write_loose_crop(const std::filesystem::path& path, uint64_t seed, int64_t x, int64_t y) {
  Image image{.height = 200, .width = 180, .rgb = std::vector<uint8_t>(200 * 180 * 3)};
  RandomStream noise(seed, "noise");
  for (int64_t row = 0; row < kCropSize; ++row)
    for (int64_t i = 0; i < kCropSize * 3; ++i)
      image.rgb[static_cast<size_t>(((y + row) * image.width + x) * 3 + i)] =
          static_cast<uint8_t>(noise.next_bits());
  const std::vector<std::byte> png = encode_png(image);
  write_file(path, {reinterpret_cast<const char*>(png.data()), png.size()});
}

std::string landmarks_line(const std::string& name, int64_t x, int64_t y) {
  std::string line = name;
  for (size_t i = 0; i < 10; ++i)
    line += fmt::format(" {:.6f}", kReferenceLandmarks[i] + static_cast<float>(i % 2 == 0 ? x : y));
  return line + " 0.99\n";
}

}  // namespace

TEST_CASE("IJB-C: the same face at two places of its loose crop gives the same embedding") {
  test::ScratchFolder data;
  write_loose_crop(data / "loose_crop/1.jpg", 5, 10, 20);
  write_loose_crop(data / "loose_crop/2.jpg", 5, 40, 60);
  write_loose_crop(data / "loose_crop/3.jpg", 6, 10, 20);
  write_file(data / "meta/ijbc_face_tid_mid.txt", "1.jpg 1 1\n2.jpg 2 2\n3.jpg 3 3\n4.jpg 3 4\n");
  write_file(data / "meta/ijbc_name_5pts_score.txt",
             landmarks_line("1.jpg", 10, 20) + landmarks_line("2.jpg", 40, 60) +
                 landmarks_line("3.jpg", 10, 20) + "4.jpg 5 5 5 5 5 5 5 5 5 5 0.5\n");
  write_file(data / "meta/ijbc_template_pair_label.txt", "1 2 1\n1 3 0\n");
  std::filesystem::copy(data / "loose_crop/3.jpg", data / "loose_crop/4.jpg");
  const Plan plan = Registry<ProtocolKind>::instance().find("ijbc")().plan(
      {.data = data.path().string(), .folds = 10, .images = true});

  const auto backend = make_backend("cpu");
  Network network("iresnet_tiny", {.embedding_size = 16}, *backend);
  network.initialise(3);
  const EmbeddedPlan rows = embed(plan, network, {.flip = false, .progress = false});
  CHECK(rows.preprocessing.starts_with("aligned to 112x112 by five landmarks"));
  const auto row = [&](int64_t i) { return rows.original.row(i); };
  CHECK(std::memcmp(row(0).data(), row(1).data(), row(0).size_bytes()) == 0);
  CHECK(std::memcmp(row(0).data(), row(2).data(), row(0).size_bytes()) != 0);
  CHECK(rows.failed == 1);  // five landmarks on one point
  CHECK(std::isnan(row(3)[0]));
}
