// losses.json: every case of the margin softmax family, the 64 x 1000 case and the target-logit curves, on
// every backend. Tolerances are the README's: 1e-5, or ten times the float32 error of the reference itself.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/json.h"
#include "core/npy.h"
#include "loss/support.h"
#include "support/support.h"

using namespace fr;
using namespace fr::test;

namespace {

std::vector<float> floats(const std::filesystem::path& folder, const Json& array) {
  return Npy(folder / array.at("file").get<std::string>()).floats();
}

LossInputs read_inputs(const std::filesystem::path& folder, const Json& sizes, const Json& arrays) {
  LossInputs in{.n = sizes.at("N"), .d = sizes.at("D"), .classes = sizes.at("C")};
  in.x = floats(folder, arrays.at("x"));
  in.w = floats(folder, arrays.at("w"));
  if (arrays.contains("b")) in.b = floats(folder, arrays.at("b"));
  for (const int64_t y : Npy(folder / arrays.at("y").at("file").get<std::string>()).integers())
    in.labels.push_back(static_cast<int32_t>(y));
  return in;
}

// What the reference class does with these parameters (spec 1.2): ArcFace goes straight through, m3 > 0 is
// CosFace whatever m1 and m2 say.
void set_torch(LossOptions& options, const Json& parameters) {
  const double m1 = parameters.value("m1", 1.0), m3 = parameters.value("m3", 0.0);
  options.filter = parameters.value("tau", 0.0);
  if (m1 == 1.0 && m3 == 0.0) {
    options.gradient = MarginGradient::kStraightThrough;
  } else {
    options.m1 = 1;
    options.m2 = 0;
  }
}

// False where the case is not of the softmax family.
bool set_options(LossOptions& options, const Json& c) {
  const Json& p = c.at("parameters");
  const std::string name = c.at("name"), formula = c.at("formula");
  const bool torch = name.starts_with("torch_");
  if (name == "softmax" || name == "softmax_bias") {
    options.name = "softmax";
    return true;
  }
  if (!torch && !(p.contains("gradient") && p.contains("overflow"))) return false;
  options.name = "nsoftmax";
  options.scale = p.at("s");
  options.m1 = p.value("m1", 1.0);
  options.m2 = p.value("m2", 0.0);
  options.m3 = p.value("m3", 0.0);
  if (torch) {
    set_torch(options, p);
    return true;
  }
  options.gradient = p.at("gradient") == "exact" ? MarginGradient::kExact : MarginGradient::kStraightThrough;
  options.overflow = p.at("overflow") == "wrap"          ? MarginOverflow::kWrap
                     : p.at("overflow") == "mm_fallback" ? MarginOverflow::kMmFallback
                                                         : MarginOverflow::kEasy;
  return true;
}

void check_case(Backend& backend, const Json& c, const LossInputs& in, std::span<const double> dx,
                std::span<const double> dw) {
  LossOptions options;
  REQUIRE(set_options(options, c));
  LossInputs inputs = in;
  const std::string name = c.at("name");
  if (!c.contains("db")) inputs.b.clear();
  INFO(name);
  const LossRun run = run_loss(options, backend, inputs);
  const Json& error = c.at("f32_error");
  const auto bound = [&](const char* what) { return std::max(1e-5, 10 * error.at(what).get<double>()); };
  const double loss = c.at("loss");
  CHECK(std::abs(run.loss - loss) <= 1e-5 * std::max(1.0, loss));
  const std::vector<double> rows = c.at("loss_rows"), logits = c.at("logit_target");
  CHECK(relative_error(run.row_losses, rows) <= 1e-5);
  CHECK(relative_error(run.target_logits, logits) <= 1e-5);
  CHECK(relative_error(run.dx, dx) <= bound("dx"));
  CHECK(relative_error(run.dw, dw) <= bound("dw"));
  if (c.contains("db")) {
    const std::vector<double> db = c.at("db");
    CHECK(relative_error(run.db, db) <= bound("db"));
  }
}

}  // namespace

TEST_CASE("golden: the margin softmax family") {
  const auto folder = golden();
  if (folder.empty()) return;
  const Json losses = read_json(folder / "losses.json");
  const LossInputs base = read_inputs(folder, losses, losses.at("inputs"));
  LossInputs overflow = base;
  overflow.x = floats(folder, losses.at("inputs").at("x_overflow"));
  const std::vector<double> dx = Npy(folder / losses.at("dx").at("file").get<std::string>()).doubles();
  const std::vector<double> dw = Npy(folder / losses.at("dw").at("file").get<std::string>()).doubles();
  for_each_backend([&](Backend& backend) {
    int checked = 0;
    for (const Json& c : losses.at("cases")) {
      LossOptions unused;
      if (!set_options(unused, c)) continue;
      const LossInputs& in = c.at("inputs") == "overflow" ? overflow : base;
      const size_t index = c.at("index");
      check_case(backend, c, in, std::span(dx).subspan(index * in.x.size(), in.x.size()),
                 std::span(dw).subspan(index * in.w.size(), in.w.size()));
      ++checked;
    }
    CHECK(checked >= 10);
  });
}

TEST_CASE("golden: the large case") {
  const auto folder = golden();
  if (folder.empty()) return;
  const Json losses = read_json(folder / "losses.json");
  const Json& large = losses.at("large");
  const LossInputs in = read_inputs(folder, large, large);
  const auto check = [](const std::vector<float>& gradient, const Json& expected, double tolerance) {
    double sum = 0, squares = 0;
    for (const float g : gradient) {
      sum += static_cast<double>(g);
      squares += static_cast<double>(g) * static_cast<double>(g);
    }
    const double norm = std::sqrt(expected.at("sumsq").get<double>());
    CHECK(std::abs(sum - expected.at("sum").get<double>()) <= tolerance * norm * 10);
    CHECK(std::abs(std::sqrt(squares) - norm) <= tolerance * norm);
    const std::vector<double> first = expected.at("first");
    for (size_t i = 0; i < first.size(); ++i)
      CHECK(std::abs(static_cast<double>(gradient[i]) - first[i]) <= tolerance * norm);
  };
  for_each_backend([&](Backend& backend) {
    int checked = 0;
    for (const auto& [name, expected] : large.items()) {
      if (!name.starts_with("arcface_s")) continue;
      LossOptions options;
      options.scale = std::stod(name.substr(9));
      const auto& shown = name;  // clang 14 captures no structured binding
      INFO(shown);
      for (const int64_t tile : {96, 1024}) {
        options.tile = tile;
        const LossRun run = run_loss(options, backend, in);
        const double loss = expected.at("loss");
        CHECK(std::abs(run.loss - loss) <= 1e-5 * std::max(1.0, loss));
        check(run.dx, expected.at("dx"), 1e-5);
        check(run.dw, expected.at("dw"), 1e-5);
      }
      ++checked;
    }
    CHECK(checked >= 1);
  });
}

// Curve "sphereface_1.35" is preset sphereface with its number as margin; "arcface_0.5_easy" names an
// overflow.
TEST_CASE("golden: target-logit curves") {
  const auto folder = golden();
  if (folder.empty()) return;
  const Json losses = read_json(folder / "losses.json");
  const Json& curves = losses.at("target_logit");
  const std::vector<double> theta = curves.at("theta");
  const auto backend = make_backend("ref");
  LossInputs in{.n = static_cast<int64_t>(theta.size()), .d = 2, .classes = 2, .w = {1, 0, 0, 1}};
  for (const double t : theta) {
    in.x.push_back(static_cast<float>(std::cos(t)));
    in.x.push_back(static_cast<float>(std::sin(t)));
    in.labels.push_back(0);
  }
  for (const auto& [name, values] : curves.items()) {
    if (name == "theta") continue;
    const auto& shown = name;  // clang 14 captures no structured binding
    INFO(shown);
    LossOptions options;
    options.scale = 1;
    const size_t first = name.find('_'), second = name.find('_', first + 1);
    options.name = name.substr(0, first);
    if (first != std::string::npos) {
      const double number = std::stod(name.substr(first + 1));
      (options.name == "sphereface" ? options.m1
       : options.name == "cosface"  ? options.m3
                                    : options.m2) = number;
    }
    const std::string rule = second == std::string::npos ? "wrap" : name.substr(second + 1);
    if (rule == "mm_fallback") options.overflow = MarginOverflow::kMmFallback;
    if (rule == "easy") options.overflow = MarginOverflow::kEasy;
    const LossRun run = run_loss(options, *backend, in);
    const std::vector<double> expected = values;
    REQUIRE(expected.size() == theta.size());
    for (size_t i = 0; i < theta.size(); ++i) {
      INFO("theta ", theta[i]);
      // At cosine 0, where `easy` jumps, float32 x may fall on the other side.
      const bool jump = rule == "easy" && std::abs(std::cos(theta[i])) < 1e-6;
      if (!jump) CHECK(std::abs(static_cast<double>(run.target_logits[i]) - expected[i]) <= 1e-6);
    }
  }
}
