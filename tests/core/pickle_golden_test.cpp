// Known answers of formats/bin: every readable verification pickle gives the expected bytes and labels;
// hostile, malformed and truncated ones are refused soon and without memory.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json.h"
#include "core/verification_bin.h"
#include "support/support.h"

using namespace fr;

namespace {

int64_t peak_kilobytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

void check_pack(const VerificationBin& bin, const Json& entry, const std::filesystem::path& folder) {
  const Json& same = entry.at("issame");
  REQUIRE(static_cast<int64_t>(bin.same().size()) == entry.at("pairs").get<int64_t>());
  for (size_t i = 0; i < same.size(); ++i) CHECK(static_cast<int>(bin.same()[i]) == same[i].get<int>());
  REQUIRE(bin.images() == 2 * static_cast<int64_t>(same.size()));
  for (int64_t i = 0; i < bin.images(); ++i) {
    const std::string expected =
        read_text(folder / entry.at("images")[static_cast<size_t>(i)].get<std::string>());
    const std::span<const std::byte> image = bin.image(i);
    CHECK(std::string_view(reinterpret_cast<const char*>(image.data()), image.size()) == expected);
  }
}

}  // namespace

TEST_CASE("verification pickles are read with the expected images and labels or refused") {
  const std::filesystem::path golden = test::golden_eval();
  if (golden.empty()) return;
  const std::filesystem::path folder = golden / "formats" / "bin";
  const Json expected = read_json(folder / "expected.json");
  for (const Json& entry : expected.at("cases")) {
    const std::string file = entry.at("file"), verdict = entry.at("verdict");
    CAPTURE(file);
    const bool no_pairs = verdict == "read_or_refuse" && entry.at("pairs") == 0;  // our choice
    if (verdict != "refuse" && !no_pairs) {
      check_pack(VerificationBin(folder / file), entry, folder);
      continue;
    }
    const int64_t before = peak_kilobytes();
    const auto begin = std::chrono::steady_clock::now();
    try {
      VerificationBin bin(folder / file);
      FAIL_CHECK("read a file that must be refused");
    } catch (const Error& error) {
      const std::string what = error.what();
      CHECK(what.starts_with((folder / file).string() + ": "));
      CHECK(what.find('\n') == std::string::npos);
    }
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(1));
    CHECK(peak_kilobytes() - before < 64 * 1024);
  }
}

TEST_CASE("verification pickles cut anywhere are refused") {
  const std::filesystem::path golden = test::golden_eval();
  if (golden.empty()) return;
  const std::filesystem::path folder = golden / "formats" / "bin";
  test::ScratchFolder scratch;
  for (const Json& file : read_json(folder / "expected.json").at("truncated").at("files")) {
    const std::string whole = read_text(folder / file.get<std::string>());
    for (size_t size = 0; size < whole.size(); size += 37) {
      CAPTURE(file.get<std::string>());
      CAPTURE(size);
      write_file(scratch / "cut.bin", std::string_view(whole).substr(0, size));
      CHECK_THROWS_AS(VerificationBin(scratch / "cut.bin"), Error);
    }
  }
}
