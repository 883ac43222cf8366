// fr-eval NAME --demo for every protocol: its synthetic benchmark is made, read and evaluated, and the first
// figure tells good from bad: far from chance, short of perfect.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/device_memory.h"
#include "core/json.h"
#include "eval/protocol.h"
#include "eval/result.h"
#include "support/support.h"
#include "synth/protocols/benchmark.h"

using namespace fr;

namespace {

struct Range {
  double low, high;  // of the protocol's first metric
};

const std::map<std::string, Range> kRanges = {
    {"lfw", {0.95, 0.995}},    {"agedb_30", {0.88, 0.985}}, {"calfw", {0.86, 0.98}},
    {"cplfw", {0.84, 0.97}},   {"cfp_ff", {0.95, 0.995}},   {"cfp_fp", {0.88, 0.985}},
    {"ytf", {0.88, 0.99}},     {"ijbb", {0.75, 0.98}},      {"ijbc", {0.75, 0.98}},
    {"megaface", {0.6, 0.99}}, {"iqiyi_vid", {0.7, 0.97}},  {"trillion_pairs", {0.4, 0.98}},
};

}  // namespace

TEST_CASE("fr-eval NAME --demo: informative figures, the same for any threads, arithmetic and device") {
  for (const std::string& name : Registry<ProtocolKind>::instance().names()) {
    CAPTURE(name);
    REQUIRE(kRanges.contains(name));
    const test::ScratchFolder scratch;
    const std::string program =
        "cd " + scratch.path().string() + " && " + FR_BINARY_DIR + "/bin/fr-eval " + name;
    const auto ran = test::run_command(program + " --demo");
    INFO(ran.output);
    REQUIRE(ran.status == 0);
    CHECK(ran.output.starts_with("demo: "));
    const Result result = read_result(scratch / ("demo-" + name + "/result.json"));
    CHECK(result.dataset.at("kind") == "synthetic");
    CHECK(result.counts.at("failed_items") > 0);
    const auto& benchmark = Registry<synth::BenchmarkKind>::instance().find(name)();
    for (const auto& count : benchmark.counts(synth::Size::kSmall)) {
      CAPTURE(count.first);
      if (result.counts.contains(count.first)) CHECK(result.counts.at(count.first) == count.second);
    }
    const std::string metric = Registry<ProtocolKind>::instance().find(name)().first_metric();
    const double figure = result.metrics.at(metric).value;
    CAPTURE(figure);
    CHECK(figure > kRanges.at(name).low);
    CHECK(figure < kRanges.at(name).high);
    CHECK(test::run_command(program + " --demo --data elsewhere").status == 2);
    if (!why_no_cuda().empty()) {
      const auto cuda = test::run_command(program + " --demo --device cuda");
      CHECK(cuda.status == 1);
      CHECK(cuda.output == "fr-eval: device cuda: " + why_no_cuda() + "\n");
    }

    // One of each kind of comparison.
    if (name != "lfw" && name != "ijbc" && name != "megaface" && name != "trillion_pairs" &&
        name != "iqiyi_vid")
      continue;
    const auto json = [&](const std::string& options) {
      const auto file = scratch / "again.json";
      REQUIRE(test::run_command(program + " --demo --out " + file.string() + " " + options).status == 0);
      Json read = read_json(file);
      for (const char* apart : {"timing", "environment"}) read.erase(apart);
      return read.dump();
    };
    const std::string one = json("--threads 1");
    CHECK(json("--threads 2") == one);
    CHECK(json("--threads 4") == one);
    if (why_no_cuda().empty()) CHECK(json("--device cuda") == one);
    for (const char* arith : {"f32", "int8-screen"}) {
      CAPTURE(arith);
      if (name == "iqiyi_vid") continue;  // ranks by products with a few centres, in one way
      CHECK(json(std::string("--threads 3 --arith ") + arith) == one);
    }
  }
}
