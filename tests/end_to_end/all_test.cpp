// fr-eval all: what is there is evaluated, what is not is named, and one that fails does not stop the others.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "eval/result.h"
#include "support/support.h"

using namespace fr;

TEST_CASE("fr-eval all evaluates what is below the root and says what the rest lacks") {
  const test::ScratchFolder scratch;
  const std::string root = scratch / "root", out = scratch / "out";
  const std::string bin = std::string(FR_BINARY_DIR) + "/bin/";
  for (const char* name : {"lfw", "ijbc", "iqiyi_vid", "calfw"}) {
    const auto made = test::run_command(bin + "fr-data synth-protocol " + name + " --out " + root + "/" +
                                        name + (std::string(name) == "ijbc" ? " --flip" : ""));
    INFO(made.output);
    REQUIRE(made.status == 0);
  }
  const std::string command = bin + "fr-eval all --root " + root + " --out " + out;
  std::filesystem::remove(root + "/calfw/embeddings.npy");
  const auto ran = test::run_command(command);
  INFO(ran.output);
  CHECK(ran.status == 0);
  CHECK(ran.output.find("3 evaluated, 9 missing, 0 failed") != std::string::npos);
  CHECK(ran.output.find("holds no embeddings.h5, embeddings.npy or submission.bin") != std::string::npos);
  for (const char* name : {"lfw", "ijbc", "iqiyi_vid"}) {
    CHECK(read_result(out + "/" + name + ".json").protocol == name);
  }
  CHECK(read_result(out + "/ijbc.json").variant.at("pooling") == "N1D1F1");

  std::ofstream(root + "/lfw/pairs.txt") << "10\t300\nbroken\n";
  const auto broken = test::run_command(command);
  INFO(broken.output);
  CHECK(broken.status == 1);
  CHECK(broken.output.find("FAILED: " + root + "/lfw/pairs.txt:2: ") != std::string::npos);
  CHECK(broken.output.find("2 evaluated, 9 missing, 1 failed") != std::string::npos);

  CHECK(test::run_command(bin + "fr-eval all --root " + root + "/nothing").status == 1);
}
