// Result: what is written is read back, absent stays absent, NaN is null, and faults name file and key.
#include "eval/result.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "support/support.h"

using namespace fr;

namespace {

Result example() {
  Result result;
  result.protocol = "lfw";
  result.variant = {{"flip", "sum"}, {"list", "lfw.bin"}};
  Metric accuracy{.value = 0.9855, .rule = "10-fold, threshold grid 0.01"};
  accuracy.std = 0.007073;
  accuracy.folds = {0.98, 0.991};
  accuracy.thresholds = {1.5, 1.51};
  accuracy.ci_low = 0.982;
  accuracy.ci_high = 0.989;
  accuracy.ci_method = "Clopper-Pearson";
  Metric tar{.value = std::numeric_limits<double>::quiet_NaN(), .rule = "largest FPR <= x"};
  tar.far = 0;
  tar.threshold = -std::numeric_limits<double>::infinity();
  result.metrics = {{"accuracy", accuracy}, {"tar@far=1e-3", tar}};
  result.counts = {{"failed", 0}, {"items", 12000}, {"pairs", int64_t{1} << 40}};
  result.curves = {{"roc", {0, 0.5, 1}, {0.1, 0.9, 1}, "false accept rate", "true accept rate"}};
  result.dataset = {{"hash", "xxh3-128:00"}};
  result.model = {{"loss", "arcface"}};
  result.preprocessing = {{"pixels", "(x-127.5)/127.5"}};
  result.environment = describe_environment();
  result.timing = {{"score", 0.25}};
  return result;
}

std::string error_of(const Json& json) {
  try {
    result_from_json(json, "r.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a result survives being written and read") {
  const test::ScratchFolder scratch;
  const std::string path = (scratch / "sub/lfw.json").string();
  write_result(path, example());
  const Result read = read_result(path);
  CHECK(to_json(read) == to_json(example()));
  CHECK(read.counts.at("pairs") == int64_t{1} << 40);
  CHECK(read.metrics.at("accuracy").value == 0.9855);
  CHECK(read.metrics.at("accuracy").std.value() == 0.007073);
  CHECK_FALSE(read.metrics.at("accuracy").far.has_value());
  CHECK(read.metrics.at("tar@far=1e-3").far.value() == 0);
  CHECK(std::isnan(read.metrics.at("tar@far=1e-3").value));
}

TEST_CASE("the top level has exactly the published keys, and absent fields are left out") {
  const Json json = to_json(example());
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  CHECK(keys == std::vector<std::string>{"counts", "curves", "dataset", "environment", "metrics", "model",
                                         "preprocessing", "protocol", "schema", "timing", "variant"});
  CHECK(json["schema"] == 1);
  CHECK(json["metrics"]["tar@far=1e-3"]["value"].is_null());
  CHECK(json["metrics"]["tar@far=1e-3"]["threshold"].is_null());
  CHECK_FALSE(json["metrics"]["tar@far=1e-3"].contains("std"));
  CHECK_FALSE(json["metrics"]["tar@far=1e-3"].contains("folds"));
  CHECK_FALSE(json["metrics"]["accuracy"].contains("far"));
}

TEST_CASE("an empty result has all keys") {
  const Json json = to_json(Result{});
  CHECK(json.size() == 11);
  CHECK(json["metrics"].is_object());
  CHECK(json["curves"].is_array());
  CHECK_NOTHROW(result_from_json(json, "r.json"));
}

TEST_CASE("faults name the file and the key in one line") {
  Json json = to_json(example());
  CHECK(error_of(Json::array()) == "r.json: not a result: expected a JSON object, found array");
  CHECK(error_of(Json::object()) == "r.json: not a result: 'schema' is missing");
  json["schema"] = 99;
  CHECK(error_of(json) == "r.json: result schema 99 is not known (this program reads 1)");
  json["schema"] = 1;
  json["metrics"]["accuracy"]["value"] = "high";
  CHECK(error_of(json) == "r.json: metrics.accuracy.value: expected a number, found \"high\"");
  json["metrics"]["accuracy"].erase("value");
  CHECK(error_of(json) == "r.json: metrics.accuracy: not a result: 'value' is missing");
  json = to_json(example());
  json["counts"]["items"] = 0.5;
  CHECK(error_of(json) == "r.json: counts.items: expected an integer, found 0.5");
  json = to_json(example());
  json["curves"][0]["x"] = {1};
  CHECK(error_of(json) == "r.json: curves: curve 'roc' has 1 x but 3 y");

  const test::ScratchFolder scratch;
  write_file(scratch / "broken.json", "{\"schema\": 1,");
  CHECK_THROWS_AS(read_result((scratch / "broken.json").string()), Error);
  CHECK_THROWS_AS(read_result((scratch / "absent.json").string()), Error);
}

TEST_CASE("the environment says what made a number") {
  const auto environment = describe_environment();
  for (const char* key : {"version", "git_revision", "compiler", "instruction_set", "threads", "os", "cpu"}) {
    CAPTURE(key);
    REQUIRE(environment.contains(key));
    CHECK_FALSE(environment.at(key).empty());
  }
  CHECK(std::stoi(environment.at("threads")) >= 1);
}
