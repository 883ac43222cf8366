// What fr-bench measures and fr-report floors prints of it, on the smallest of work: figures that can be.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "core/json.h"
#include "support/support.h"

using namespace fr;

namespace {

const std::string kBin = FR_BINARY_DIR "/bin/";

Json measured(const test::ScratchFolder& folder, const std::string& name, const std::string& options) {
  const auto file = folder / (name + ".json");
  const auto ran = test::run_command(kBin + "fr-bench " + name + " " + options +
                                     " --seconds 0.01 --threads 1 --out " + file.string());
  INFO(ran.output);
  REQUIRE(ran.status == 0);
  return read_json(file);
}

// Each part took some of the time, and knows its work.
void check_operations(const Json& report) {
  double shares = 0;
  for (const auto& [key, operation] : report.at("operations").items()) {
    const std::string& name = key;
    CAPTURE(name);
    CHECK(operation.at("seconds").get<double>() > 0);
    CHECK(operation.at("floor_seconds").get<double>() > 0);
    CHECK(operation.at("flops").get<double>() + operation.at("bytes").get<double>() > 0);
    shares += operation.at("share").get<double>();
  }
  CHECK(shares > 0.5);
  CHECK(shares <= 1);
}

}  // namespace

TEST_CASE("fr-bench: what it writes is what fr-report floors reads") {
  const test::ScratchFolder folder;
  CHECK(measured(folder, "gemm", "").at("gemm_flops").get<double>() > 1e8);

  const Json train = measured(folder, "train", "iresnet_mini --batch 2 --classes 10");
  check_operations(train);
  for (const char* part : {"conv_forward", "batch_norm_backward", "head besides products", "sgd"})
    CHECK(train.at("operations").contains(part));
  check_operations(measured(folder, "embed", "iresnet_mini --batch 1"));

  const Json head = measured(folder, "head", "--classes 300 --batch 8 --embedding-size 64 --sgd");
  check_operations(head);
  CHECK(head.at("operations").at("gemm").at("flops") == 4 * 2.0 * 300 * 8 * 64);  // four products
  // Weights read forward, and weights and momentum read and written.
  CHECK(head.at("operations").at("head besides products").at("bytes") == 5 * 4.0 * 300 * 64);
  const Json sampled =
      measured(folder, "head", "--classes 300 --batch 8 --embedding-size 64 --sample-rate 0.5");
  CHECK(sampled.at("operations").at("gemm").at("flops") == 4 * 2.0 * 150 * 8 * 64);

  const Json ops = measured(folder, "ops", "--batch 1 --only add");
  CHECK(!ops.at("operations").empty());
  for (const Json& operation : ops.at("operations")) CHECK(operation.at("bytes").get<double>() > 0);

  const Json score = measured(folder, "score", "--probes 20 --gallery 3000 --dim 64 --only megaface");
  CHECK(score.at("engines").at("megaface, f32").at("screened") == 0);

  const auto floors = test::run_command(kBin + "fr-report floors " + (folder / "*.json").string());
  INFO(floors.output);
  CHECK(floors.status == 0);
  for (const char* line : {"train iresnet_mini", "embed iresnet_mini", "head arcface", "\nops ", "\nscore ",
                           "\ngemm ", "whole step", "whole batch", "whole pass", "sgd", "megaface, f32"})
    CHECK(test::contains(floors.output, line));
}
