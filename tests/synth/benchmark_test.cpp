// Synthetic benchmarks as files: the same from one seed, complete or absent, flawed as real files are, and at
// full size with the counts of the real ones.
#include "synth/protocols/benchmark.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/npy.h"
#include "core/parallel.h"
#include "support/file_size_limit.h"
#include "support/support.h"

using namespace fr;
using synth::BenchmarkKind;
using synth::make_benchmark;
using synth::Size;
namespace fs = std::filesystem;

namespace {

const synth::Benchmark& benchmark(const std::string& name) {
  return Registry<BenchmarkKind>::instance().find(name)();
}

std::map<std::string, std::string> files_of(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files[fs::relative(entry.path(), folder).string()] = read_text(entry.path());
  }
  return files;
}

std::string error_of(const std::string& name, const synth::BenchmarkRequest& request) {
  try {
    make_benchmark(name, request);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("every benchmark of the paper has a synthetic one") {
  CHECK(Registry<BenchmarkKind>::instance().names() ==
        std::vector<std::string>{"agedb_30", "calfw", "cfp_ff", "cfp_fp", "cplfw", "ijbb", "ijbc",
                                 "iqiyi_vid", "lfw", "megaface", "trillion_pairs", "ytf"});
}

TEST_CASE("the same files from one seed on any number of threads, others from another") {
  const test::ScratchFolder scratch;
  const int threads = thread_count();
  for (const char* name : {"lfw", "ijbc", "megaface", "trillion_pairs"}) {
    CAPTURE(name);
    set_thread_count(1);
    make_benchmark(name, {.folder = scratch / name / "1", .seed = 5});
    set_thread_count(3);
    make_benchmark(name, {.folder = scratch / name / "3", .seed = 5});
    set_thread_count(threads);
    make_benchmark(name, {.folder = scratch / name / "other", .seed = 6});
    const auto one = files_of(scratch / name / "1"), other = files_of(scratch / name / "other");
    CHECK(one == files_of(scratch / name / "3"));
    CHECK(one.contains("synthetic.json"));
    const std::string rows = benchmark(name).embeddings();
    CHECK(one.at(rows).size() == other.at(rows).size());
    CHECK(one.at(rows) != other.at(rows));
  }
}

TEST_CASE("full size has the counts of the real benchmark") {
  int compared = 0;
  for (const std::string& name : Registry<BenchmarkKind>::instance().names()) {
    const fs::path manifest = fs::path(FR_SOURCE_DIR) / "datasets" / (name + ".json");
    if (!fs::exists(manifest)) continue;  // cfp_ff has none
    const Json counts = read_json(manifest).at("counts");
    for (const auto& count : benchmark(name).counts(Size::kFull)) {
      if (!counts.contains(count.first)) continue;
      CAPTURE(name);
      CAPTURE(count.first);
      CHECK(count.second == counts.at(count.first).get<int64_t>());
      ++compared;
    }
  }
  CHECK(compared > 30);
}

TEST_CASE("rows are missing, NaN, zero and equal, as in real files") {
  const test::ScratchFolder scratch;
  for (const char* name : {"agedb_30", "cfp_fp", "ytf", "ijbb", "megaface", "iqiyi_vid"}) {
    CAPTURE(name);
    make_benchmark(name, {.folder = scratch / name});
    const Npy npy(scratch / name / "embeddings.npy");
    const std::vector<float> values = npy.floats();
    int64_t failed = 0, zero = 0, twins = 0;
    std::map<std::vector<float>, int64_t> rows;
    for (int64_t i = 0; i < npy.shape()[0]; ++i) {
      const auto begin = values.begin() + i * npy.shape()[1];
      const std::vector<float> row(begin, begin + npy.shape()[1]);
      const auto is_zero = [](float v) { return v == 0; };
      if (std::isnan(row[0])) {
        ++failed;
      } else if (std::all_of(row.begin(), row.end(), is_zero)) {
        ++zero;
      } else {
        twins += rows[row]++ > 0;
      }
    }
    CHECK(failed > 0);
    CHECK(zero > 0);
    CHECK(twins > 0);
    CHECK(failed + zero + twins < npy.shape()[0] / 20);
    for (const auto& [key, count] : benchmark(name).counts(Size::kSmall)) {
      if (key == "items") CHECK(npy.shape()[0] < count);
    }
    int64_t names = 0;
    for_each_line(read_text(scratch / name / "embeddings.txt"), [&](std::string_view, int64_t) { ++names; });
    CHECK(names == npy.shape()[0]);
  }
}

TEST_CASE("the submission matrix has the challenge's form and unit rows") {
  const test::ScratchFolder scratch;
  make_benchmark("trillion_pairs", {.folder = scratch / "t"});
  const MappedFile file(scratch / "t/submission.bin");
  const auto* header = reinterpret_cast<const int32_t*>(file.bytes().data());
  const auto* row = reinterpret_cast<const float*>(file.bytes().data() + 16);
  CHECK(header[1] == 512);
  CHECK(header[2] == 2048);
  CHECK(header[3] == 5);
  REQUIRE(file.bytes().size() == 16 + 2048 * static_cast<size_t>(header[0]));
  int64_t unit = 0;
  for (int64_t i = 0; i < header[0]; ++i, row += 512) {
    double square = 0;
    for (int k = 0; k < 512; ++k) square += static_cast<double>(row[k]) * static_cast<double>(row[k]);
    unit += std::abs(square - 1) < 1e-6;
  }
  CHECK(unit < header[0]);
  CHECK(unit > header[0] - 10);
  int64_t lines = 0;
  for_each_line(read_text(scratch / "t/testdata_lmk.txt"), [&](std::string_view line, int64_t) {
    ++lines;
    if (split_blanks(line).size() != 11) FAIL_CHECK(line);
  });
  CHECK(lines == header[0]);
}

TEST_CASE("mirrored rows have the same names and are close to the others") {
  const test::ScratchFolder scratch;
  make_benchmark("cplfw", {.folder = scratch / "c", .flip = true});
  CHECK(read_text(scratch / "c/embeddings.txt") == read_text(scratch / "c/flipped.txt"));
  const std::vector<float> a = Npy(scratch / "c/embeddings.npy").floats(),
                           b = Npy(scratch / "c/flipped.npy").floats();
  REQUIRE(a.size() == b.size());
  double ab = 0, aa = 0, bb = 0;
  for (size_t k = 0; k < a.size(); ++k) {
    if (std::isnan(a[k])) continue;
    ab += static_cast<double>(a[k] * b[k]);
    aa += static_cast<double>(a[k] * a[k]);
    bb += static_cast<double>(b[k] * b[k]);
  }
  CHECK(ab / std::sqrt(aa * bb) > 0.9);
  CHECK(ab / std::sqrt(aa * bb) < 0.999);
  CHECK(error_of("trillion_pairs", {.folder = scratch / "t", .flip = true}).starts_with("trillion_pairs: "));
}

TEST_CASE("a disk that fills: one line, and nothing is left behind") {
  const test::ScratchFolder scratch;
  std::string text;
  {
    const test::FileSizeLimit full(1 << 20);
    text = error_of("lfw", {.folder = scratch / "lfw"});
  }
  INFO(text);
  CHECK(text.find("embeddings.npy: ") != std::string::npos);
  CHECK(text.find('\n') == std::string::npos);
  CHECK(fs::is_empty(scratch.path()));
}

TEST_CASE("what is there already is not written over; a demo is made once") {
  const test::ScratchFolder scratch;
  write_file(scratch / "full/mine", "x");
  CHECK(error_of("lfw", {.folder = scratch / "full"}).find("is not an empty folder") != std::string::npos);
  CHECK_THROWS_AS(make_benchmark("nobody", {.folder = scratch / "n"}), Error);
  synth::make_demo("lfw", scratch / "demo");
  const auto before = fs::last_write_time(scratch / "demo/embeddings.npy");
  synth::make_demo("lfw", scratch / "demo");
  CHECK(fs::last_write_time(scratch / "demo/embeddings.npy") == before);
  CHECK_THROWS_AS(synth::make_demo("cplfw", scratch / "demo"), Error);
  CHECK_THROWS_AS(synth::make_demo("lfw", scratch / "full"), Error);
}
