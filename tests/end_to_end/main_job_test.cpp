// The main job through the programs themselves, small: synthesise, train, evaluate, report; and what users
// see when data are bad.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "core/files.h"
#include "core/json.h"
#include "support/support.h"

using namespace fr;
namespace fs = std::filesystem;

namespace {

const std::string kBin = std::string(FR_BINARY_DIR) + "/bin/";

test::Ran run(const std::string& line) { return test::run_command(kBin + line); }

int lines_of(const std::string& text) { return static_cast<int>(std::count(text.begin(), text.end(), '\n')); }

// One data set for all cases, made once.
const fs::path& data() {
  static const test::ScratchFolder scratch;
  static const fs::path folder = [] {
    const auto made =
        run("fr-data synth --identities 8 --images 6 --pairs 100 --out " + (scratch / "data").string());
    INFO(made.output);
    REQUIRE(made.status == 0);
    return scratch / "data";
  }();
  return folder;
}

const fs::path& model() {
  static const test::ScratchFolder scratch;
  static const fs::path file = [] {
    const auto trained =
        run("fr-train --network iresnet_tiny --loss arcface --embedding-size 64 --batch-size 8 --steps 6 "
            "--data " +
            (data() / "train_packed").string() + " --out " + (scratch / "run").string());
    INFO(trained.output);
    REQUIRE(trained.status == 0);
    return scratch / "run" / "model.safetensors";
  }();
  return file;
}

}  // namespace

TEST_CASE("train, evaluate, report") {
  test::ScratchFolder scratch;
  REQUIRE(fs::exists(model()));
  std::string results;
  for (const std::string protocol : {"lfw", "cfp_fp", "agedb_30"}) {
    const std::string out = (scratch / (protocol + ".json")).string();
    const auto ran = run("fr-eval " + protocol + " --data " + (data() / protocol).string() + " --model " +
                         model().string() + " --out " + out);
    INFO(ran.output);
    REQUIRE(ran.status == 0);
    const Json json = read_json(out);
    for (const char* key : {"schema", "protocol", "variant", "metrics", "counts", "curves", "dataset",
                            "model", "preprocessing", "environment", "timing"})
      CHECK(json.contains(key));
    CHECK(json["metrics"]["accuracy"]["folds"].size() == 10);
    CHECK(json["counts"]["pairs"] == 100);
    results += " " + out;
  }
  const auto table = run("fr-report table 2 --format markdown" + results);
  INFO(table.output);
  CHECK(table.status == 0);
  CHECK(table.output.find("AgeDB-30") != std::string::npos);
  CHECK(table.output.find("99.53") != std::string::npos);  // the paper's ArcFace on LFW, beside ours

  const auto ijbc = run("fr-eval ijbc --far 1e-4 --data " + (data() / "ijbc").string() + " --model " +
                        model().string() + " --out " + (scratch / "ijbc.json").string());
  INFO(ijbc.output);
  CHECK(ijbc.status == 0);
  CHECK(ijbc.output.find("1e-4") != std::string::npos);
}

TEST_CASE("the same pack gives the same numbers whatever the batch and the threads") {
  test::ScratchFolder scratch;
  Json metrics[2];
  const std::string variants[] = {"--batch-size 7 --threads 1", "--batch-size 32 --threads 2"};
  for (int i = 0; i < 2; ++i) {
    const std::string out = (scratch / (std::to_string(i) + ".json")).string();
    const auto ran = run("fr-eval lfw --data " + (data() / "lfw").string() + " --model " + model().string() +
                         " --out " + out + " " + variants[i]);
    INFO(ran.output);
    REQUIRE(ran.status == 0);
    metrics[i] = read_json(out)["metrics"]["accuracy"]["folds"];
  }
  CHECK(metrics[0] == metrics[1]);
}

TEST_CASE("every program teaches itself") {
  for (const std::string program :
       {"fr-train", "fr-eval", "fr-embed", "fr-report", "fr-data", "fr-bench", "fr-eval-lfw"}) {
    const auto help = run(program + " --help");
    INFO(program, ": ", help.output);
    CHECK(help.status == 0);
    CHECK(help.output.find("Example") != std::string::npos);
  }
}

TEST_CASE("fr-bench read: each form of the data, one worker and all, nothing left behind") {
  test::ScratchFolder scratch;
  fs::create_directory(scratch / "temporary");
  const std::string out = (scratch / "read.json").string();
  const auto ran =
      test::run_command("env TMPDIR=" + (scratch / "temporary").string() + " " + kBin +
                        "fr-bench read --images 20 --batch 1 --seconds 0 --threads 2 --out " + out);
  INFO(ran.output);
  REQUIRE(ran.status == 0);
  const Json reads = read_json(out)["reads"];
  CHECK(reads.size() == 6);
  for (const Json& read : reads) {
    CHECK(read["images"] == 20);
    CHECK(read["images_per_second"] > 0);
  }
  CHECK(fs::is_empty(scratch / "temporary"));
}

TEST_CASE("a missing --data says what is needed and how to make it, exit 2") {
  const auto ran = test::run_command("env -u FR_DATA " + kBin + "fr-eval lfw --embeddings none.npy");
  INFO(ran.output);
  CHECK(ran.status == 2);
  CHECK(lines_of(ran.output) == 1);
  CHECK(ran.output.find("fr-data synth") != std::string::npos);
}

TEST_CASE("bad input: one line that names it, exit 1, nothing left behind") {
  test::ScratchFolder scratch;
  write_file(scratch / "images/A/A_0001.jpg", "not a jpeg");
  write_file(scratch / "images/B/B_0001.jpg", "not a jpeg");
  write_file(scratch / "pairs.txt", "1\t1\nA\t1\t2\nA\t1\tB\t1\n");

  SUBCASE("a pairs line with a missing file") {
    const auto ran = run("fr-data pack --images " + (scratch / "images").string() + " --pairs " +
                         (scratch / "pairs.txt").string() + " --out " + (scratch / "x.bin").string());
    INFO(ran.output);
    CHECK(ran.status == 1);
    CHECK(lines_of(ran.output) == 1);
    CHECK(ran.output.find("pairs.txt:2") != std::string::npos);
    CHECK_FALSE(fs::exists(scratch / "x.bin"));
  }
  SUBCASE("a corrupt JPEG in training data") {
    const auto ran = run("fr-train --network iresnet_tiny --batch-size 2 --steps 2 --data " +
                         (scratch / "images").string() + " --out " + (scratch / "run").string());
    INFO(ran.output);
    CHECK(ran.status == 1);
    CHECK(ran.output.find("_0001.jpg: not a readable image") != std::string::npos);
    CHECK_FALSE(fs::exists(scratch / "run/model.safetensors"));
  }
  SUBCASE("a label out of range") {
    fs::copy(data() / "train_packed", scratch / "packed", fs::copy_options::recursive);
    std::fstream labels(scratch / "packed/labels.npy", std::ios::in | std::ios::out | std::ios::binary);
    const int32_t wrong = -5;
    labels.seekp(-4, std::ios::end);
    labels.write(reinterpret_cast<const char*>(&wrong), 4);
    labels.close();
    const auto ran = run("fr-train --network iresnet_tiny --batch-size 4 --steps 2 --data " +
                         (scratch / "packed").string() + " --out " + (scratch / "run").string());
    INFO(ran.output);
    CHECK(ran.status == 1);
    CHECK(lines_of(ran.output) == 1);
    CHECK(ran.output.find("-5") != std::string::npos);
  }
}
