// kill -9 of a real fr-train at five random moments; resumed, it must end with the bytes of one never killed.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <random>
#include <thread>

#include "core/device_memory.h"
#include "core/files.h"
#include "data/memory_dataset.h"
#include "data/packed.h"
#include "image/jpeg_nvjpeg.h"
#include "support/support.h"

using namespace fr;

namespace {

const std::string kProgram = std::string(FR_BINARY_DIR) + "/bin/fr-train";

void write_pack(const std::filesystem::path& directory) {
  const test::MemoryDataset source(3, 6);
  PackedWriter writer(directory, source.size());
  std::vector<uint8_t> rgb(static_cast<size_t>(kCropBytes));
  for (int64_t i = 0; i < source.size(); ++i) {
    source.image(i, rgb);
    writer.add(rgb, source.label(i));
  }
  writer.finish();
}

std::vector<std::string> arguments(const std::filesystem::path& data, const std::filesystem::path& out) {
  return {kProgram,
          "--data",
          data,
          "--out",
          out,
          "--network",
          "iresnet_tiny",
          "--embedding-size",
          "32",
          "--loss",
          "arcface",
          "--scale",
          "16",
          "--batch-size",
          "4",
          "--steps",
          "60",
          "--lr",
          "0.02",
          "--checkpoint-every",
          "1",
          "--threads",
          "2",
          "--workers",
          "2",
          "--dropout",
          "0.2"};
}

// Runs the program; after `seconds` (if not negative) it is killed. True when it was killed before its end.
bool run(const std::vector<std::string>& command, double seconds) {
  const pid_t child = ::fork();
  if (child == 0) {
    const int nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(nowhere, 1);
    std::vector<char*> pointers;
    for (const std::string& word : command) pointers.push_back(const_cast<char*>(word.c_str()));
    pointers.push_back(nullptr);
    ::execv(pointers[0], pointers.data());
    ::_exit(127);
  }
  REQUIRE(child > 0);
  if (seconds >= 0) {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    ::kill(child, SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return true;
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
  return false;
}

}  // namespace

TEST_CASE("kill -9 at five random moments, then resume: the same bytes as an uninterrupted run" *
          doctest::test_suite("slow")) {
  REQUIRE(std::filesystem::exists(kProgram));
  const test::ScratchFolder scratch;
  write_pack(scratch / "data");
  const auto begin = std::chrono::steady_clock::now();
  REQUIRE_FALSE(run(arguments(scratch / "data", scratch / "whole"), -1));
  const double whole = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

  const uint64_t seed = std::random_device()();
  INFO("seed of the moments: ", seed);
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> moment(0.05 * whole, 0.3 * whole);
  int kills = 0;
  for (int i = 0; i < 5; ++i)
    kills += run(arguments(scratch / "data", scratch / "broken"), moment(random)) ? 1 : 0;
  CHECK(kills >= 3);  // on a machine that suddenly runs faster the last ones may come too late
  REQUIRE_FALSE(run(arguments(scratch / "data", scratch / "broken"), -1));
  for (const char* file : {"model.safetensors", "checkpoint.safetensors"})
    CHECK(read_text(scratch / "broken" / file) == read_text(scratch / "whole" / file));
  int64_t lines = 0;
  for_each_line(read_text(scratch / "broken/log.jsonl"), [&](std::string_view, int64_t) { ++lines; });
  CHECK(lines == 7);  // the configuration and six lines of ten steps
  for (const auto& entry : std::filesystem::directory_iterator(scratch / "broken"))
    CHECK(entry.path().extension() != ".tmp");
}

TEST_CASE("fr-train with a disk that fills: exit 1, one line, and the run can go on later" *
          doctest::test_suite("slow")) {
  REQUIRE(std::filesystem::exists(kProgram));
  const test::ScratchFolder scratch;
  write_pack(scratch / "data");
  std::string command;
  for (const std::string& word : arguments(scratch / "data", scratch / "run")) command += word + " ";
  // A size limit in blocks of 512 bytes; SIGXFSZ is ignored, so that a write fails as on a full disk.
  const auto limited =
      test::run_command("sh -c 'trap \"\" XFSZ; ulimit -f 200; " + command + " > /dev/null'");
  INFO(limited.output);
  CHECK(limited.status == 1);
  CHECK(test::contains(limited.output, "checkpoint.safetensors: File too large"));
  CHECK_FALSE(std::filesystem::exists(scratch / "run/checkpoint.safetensors"));
  CHECK(test::run_command(command).status == 0);
}

TEST_CASE("fr-train --device cuda says in one line why not; another run's checkpoint is refused") {
  REQUIRE(std::filesystem::exists(kProgram));
  const test::ScratchFolder scratch;
  write_pack(scratch / "data");
  const std::string common = kProgram + " --data " + (scratch / "data").string() + " --out " +
                             (scratch / "run").string() + " --network iresnet_tiny --batch-size 4 --steps 1 ";
  if (!why_no_cuda().empty()) {
    const auto cuda = test::run_command(common + "--device cuda");
    CHECK(cuda.status == 1);
    CHECK(test::contains(cuda.output, "device cuda: " + why_no_cuda()));
  }
  CHECK(test::run_command(common + "--device cpu --backend cuda").status != 0);
  REQUIRE(test::run_command(common).status == 0);
  const auto other = test::run_command(common + "--lr 0.5");
  INFO(other.output);
  CHECK(other.status == 1);
  CHECK(test::contains(other.output, "lr 0.1 there, 0.5 here"));
  CHECK(test::contains(test::run_command(common).output, "resuming  after step 1 of 1"));
  CHECK_FALSE(test::contains(test::run_command(common + "--lr 0.5 --fresh").output, "resuming"));
  CHECK(test::run_command(common + "--warmup x").status == 2);
}

TEST_CASE("fr-train --jpeg nvjpeg says in one line why not, and leaves no run behind") {
  REQUIRE(std::filesystem::exists(kProgram));
  const test::ScratchFolder scratch;
  write_pack(scratch / "data");
  const std::string common = kProgram + " --data " + (scratch / "data").string() + " --out " +
                             (scratch / "run").string() + " --network iresnet_tiny --batch-size 4 --steps 1 ";
  const auto unknown = test::run_command(common + "--jpeg turbo");
  CHECK(unknown.status == 2);
  CHECK(test::contains(unknown.output, "nvjpeg"));
  const std::string why = why_no_nvjpeg();
  const auto ran = test::run_command(common + "--jpeg nvjpeg");
  INFO(ran.output);
  if (why.empty()) {
    CHECK(ran.status == 0);
    CHECK(test::contains(ran.output, "JPEGs by nvjpeg"));
  } else {
    CHECK(ran.status == 1);
    CHECK(ran.output == "fr-train: JPEG decoder nvjpeg: " + why + "\n");
    CHECK_FALSE(std::filesystem::exists(scratch / "run"));
  }
  const auto usual = test::run_command(common + "--fresh --jpeg libjpeg");
  CHECK(usual.status == 0);
  CHECK_FALSE(test::contains(usual.output, "JPEGs by"));
}
