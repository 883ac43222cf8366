// fr-data's readers and writers of data sets through the program: .rec and back, and what verify says.
#include <doctest/doctest.h>

#include <string>

#include "core/files.h"
#include "core/verification_bin.h"
#include "support/support.h"

using namespace fr;
namespace fs = std::filesystem;

namespace {

const std::string kBin = std::string(FR_BINARY_DIR) + "/bin/";

test::Ran run(const std::string& line) { return test::run_command(kBin + line); }

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A pack of 2n images, of which n pairs are the same person.
void write_pack(const fs::path& path, size_t pairs) {
  std::vector<uint8_t> same(pairs);
  for (size_t i = 0; i < pairs; ++i) same[i] = i % 2 == 0;
  write_verification_bin(path, std::vector<std::vector<std::byte>>(2 * pairs, {std::byte{1}}), same);
}

}  // namespace

TEST_CASE("training data becomes .rec, trains, and becomes packed crops again") {
  test::ScratchFolder scratch;
  const std::string base = scratch.path().string();
  REQUIRE(run("fr-data synth --identities 4 --images 4 --pairs 20 --out " + base + "/data").status == 0);
  const auto written = run("fr-data records --data " + base + "/data/train --out " + base + "/rec");
  INFO(written.output);
  REQUIRE(written.status == 0);
  CHECK(contains(written.output, "16 images of 4 identities"));
  const auto told = run("fr-data inspect " + base + "/rec " + base + "/rec/train.rec");
  CHECK(contains(told.output, "MXNet RecordIO: 16 images of 4 identities"));
  CHECK(contains(told.output, "images per identity: 4 to 4"));
  const auto trained =
      run("fr-train --network iresnet_tiny --embedding-size 16 --batch-size 4 --steps 2 --data " + base +
          "/rec/train.rec --out " + base + "/run");
  INFO(trained.output);
  CHECK(trained.status == 0);
  for (const char* from : {"data/train", "rec"})
    REQUIRE(run("fr-data crops --images " + base + "/" + from + " --out " + base + "/crops_" +
                (*from == 'r' ? "b" : "a"))
                .status == 0);
  for (const char* file : {"images.npy", "labels.npy"})
    CHECK(read_text(base + "/crops_a/" + file) == read_text(base + "/crops_b/" + file));
  REQUIRE(run("fr-data records --shuffled --data " + base + "/rec --out " + base + "/shuffled").status == 0);
  CHECK(contains(run("fr-data inspect " + base + "/shuffled").output,
                 "MXNet RecordIO: 16 images of 4 identities"));

  write_file(scratch / "rec/property", "3,112,112\n");
  const auto refused = run("fr-train --data " + base + "/rec --out " + base + "/none");
  CHECK(refused.status == 1);
  CHECK(refused.output == "fr-train: " + base +
                              "/rec/train.rec: record 13: class label 3, but `property` promises 3 " +
                              "classes\n");
}

TEST_CASE("verify: a complete pack, one too small, a folder without anything") {
  test::ScratchFolder scratch;
  const std::string folder = scratch.path().string();
  write_pack(scratch / "lfw.bin", 6000);
  const auto complete = run("fr-data verify lfw " + folder);
  INFO(complete.output);
  CHECK(complete.status == 0);
  CHECK(contains(complete.output, "ok   pairs                   6000 published      6000"));
  CHECK(contains(complete.output, "lfw: complete\n"));

  write_pack(scratch / "lfw.bin", 100);
  const auto small = run("fr-data verify lfw " + folder);
  CHECK(small.status == 1);
  CHECK(contains(small.output, "-    pairs                    100 published      6000"));
  CHECK(contains(small.output, "lfw: not complete\n"));

  fs::remove(scratch / "lfw.bin");
  const auto nothing = run("fr-data verify lfw " + folder);
  CHECK(nothing.status == 1);
  CHECK(contains(nothing.output, "holds neither lfw.bin nor pairs.txt"));
  CHECK(contains(nothing.output, "ask: University of Massachusetts"));
  CHECK(run("fr-data verify nobody " + folder).status == 1);
}

TEST_CASE("verify: lists with and without images; training data") {
  test::ScratchFolder scratch;
  std::string list;
  for (int i = 0; i < 3000; ++i) list += "a.jpg 1\nb.jpg 1\n";
  for (int i = 0; i < 3000; ++i) list += "a.jpg 0\nc.jpg 0\n";
  write_file(scratch / "calfw/pairs_CALFW.txt", list);
  const std::string folder = (scratch / "calfw").string();
  const auto missing = run("fr-data verify calfw " + folder);
  CHECK(missing.status == 1);
  CHECK(contains(missing.output, "missing: " + folder + "/pairs_CALFW.txt:2: no image 'a.jpg'"));
  CHECK(run("fr-data verify calfw --no-images " + folder).status == 0);
  for (const char* image : {"a.jpg", "b.jpg"}) write_file(fs::path(folder) / image, "x");
  CHECK(contains(run("fr-data verify calfw " + folder).output, "c.jpg"));
  write_file(fs::path(folder) / "c.jpg", "x");
  CHECK(run("fr-data verify calfw " + folder).status == 0);

  write_file(scratch / "lfw/pairs.txt", "1\t1\nA\t1\t2\nA\t1\tB\t1\n");
  CHECK(
      contains(run("fr-data verify lfw " + (scratch / "lfw").string()).output, "not the official contents"));

  const auto casia = run("fr-data verify casia " + folder);
  CHECK(casia.status == 1);
  CHECK(contains(casia.output, "train.rec"));
}
