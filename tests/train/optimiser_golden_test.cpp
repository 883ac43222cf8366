// optimiser.json: SGD in both forms, polynomial and step schedules, clipping, within the stated 1e-6 (float32
// state) and 1e-12 (float64 rates).
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/json.h"
#include "core/npy.h"
#include "core/parameters.h"
#include "support/support.h"
#include "train/schedule.h"
#include "train/sgd.h"

using namespace fr;

namespace {

// Clips; returns the norm before.
double clip_gradients(std::span<float> gradients, double max_norm) {
  double square = 0;
  SumOfSquares(std::ssize(gradients), Device::kCpu).run(gradients.data(), &square);
  clip(Device::kCpu, std::ssize(gradients), gradients.data(), &square, max_norm);
  return std::sqrt(square);
}

std::vector<double> doubles(const std::filesystem::path& folder, const Json& array) {
  return Npy(folder / array.at("file").get<std::string>()).doubles();
}

// |got - expected| <= tolerance relative to the largest expected magnitude.
void check_close(std::span<const float> got, std::span<const double> expected, double tolerance) {
  REQUIRE(got.size() == expected.size());
  double largest = 0, worst = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    largest = std::max(largest, std::abs(expected[i]));
    const double error = std::abs(static_cast<double>(got[i]) - expected[i]);
    worst = std::isnan(error) ? error : std::max(worst, error);
  }
  CHECK(worst <= tolerance * largest);
}

void check_sgd(const std::filesystem::path& folder, const Json& sgd, const std::string& name) {
  const Json& expected = sgd.at(name);
  const std::vector<double> w0 = doubles(folder, sgd.at("w0"));
  const std::vector<double> gradients = doubles(folder, sgd.at("gradients"));
  const std::vector<double> w = doubles(folder, expected.at("w")), v = doubles(folder, expected.at("v"));
  const size_t n = w0.size(), steps = gradients.size() / n;
  REQUIRE(sgd.at("lr").size() == steps);
  REQUIRE(w.size() == steps * n);

  Parameters parameters;
  parameters.add("w", {static_cast<int64_t>(n)});
  parameters.allocate();
  const Slice& slice = parameters.slices()[0];
  for (size_t i = 0; i < n; ++i) parameters.values(slice)[i] = static_cast<float>(w0[i]);
  Sgd optimiser({.form = sgd_form(name.substr(0, 5)),
                 .momentum = sgd.at("momentum"),
                 .weight_decay = sgd.at("weight_decay"),
                 .rescale = expected.value("rescale_grad", 1.0)},
                parameters);
  for (size_t k = 0; k < steps; ++k) {
    INFO(name, ", step ", k);
    for (size_t i = 0; i < n; ++i) parameters.gradients(slice)[i] = static_cast<float>(gradients[k * n + i]);
    optimiser.set_rate(sgd.at("lr")[k]);
    optimiser.step();
    check_close(parameters.values(slice), std::span(w).subspan(k * n, n), 1e-6);
    check_close(optimiser.momentum().floats().first(n), std::span(v).subspan(k * n, n), 1e-6);
  }
}

}  // namespace

TEST_CASE("golden: SGD") {
  const auto folder = test::golden();
  if (folder.empty()) return;
  const Json sgd = read_json(folder / "optimiser.json").at("sgd");
  int checked = 0;
  for (const auto& [name, value] : sgd.items()) {
    if (!name.starts_with("torch") && !name.starts_with("mxnet")) continue;
    check_sgd(folder, sgd, name);
    ++checked;
  }
  CHECK(checked >= 2);
}

TEST_CASE("golden: polynomial schedule") {
  const auto folder = test::golden();
  if (folder.empty()) return;
  const Json polynomial = read_json(folder / "optimiser.json").at("polynomial");
  REQUIRE(!polynomial.empty());
  for (const Json& c : polynomial) {
    const PolynomialSchedule schedule{c.at("base"), c.at("warmup"), c.at("total"), c.at("power")};
    int64_t k = 0;
    for (const double expected : c.at("lr")) {
      INFO("total ", schedule.total, ", k ", k);
      CHECK(std::abs(schedule.lr(k) - expected) <= 1e-12 * schedule.base);
      ++k;
    }
    CHECK(k > schedule.total);
  }
}

TEST_CASE("golden: step schedule") {
  const auto folder = test::golden();
  if (folder.empty()) return;
  const Json step = read_json(folder / "optimiser.json").at("step");
  REQUIRE(!step.empty());
  for (const Json& c : step) {
    const StepSchedule schedule{c.at("base"), c.at("steps")};
    for (size_t i = 0; i < c.at("iteration").size(); ++i) {
      const int64_t k = c.at("iteration")[i];
      INFO("k ", k);
      CHECK(schedule.lr(k) == doctest::Approx(c.at("lr")[i].get<double>()).epsilon(1e-12));
    }
  }
}

TEST_CASE("golden: gradient clipping") {
  const auto folder = test::golden();
  if (folder.empty()) return;
  const Json clip = read_json(folder / "optimiser.json").at("clip");
  REQUIRE(!clip.empty());
  for (const Json& c : clip) {
    std::vector<float> gradient = c.at("gradient");
    const double norm = clip_gradients(gradient, c.at("max_norm"));
    CHECK(norm == doctest::Approx(c.at("norm").get<double>()).epsilon(1e-6));
    const std::vector<double> clipped = c.at("clipped");
    check_close(gradient, clipped, 1e-6);
  }
}
