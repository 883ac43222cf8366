// Whole networks against the reference implementation: outputs, taps, running statistics, gradients, training
// steps. Tolerances are the golden README's.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/json.h"
#include "core/npy.h"
#include "golden_formula.h"
#include "nn/network.h"
#include "support/support.h"

using namespace fr;

namespace {

using Floats = std::span<const float>;

double norm(Floats values) {
  double sum = 0;
  for (const float x : values) sum += static_cast<double>(x) * static_cast<double>(x);
  return std::sqrt(sum);
}

// not-a-number fails
void check_near(double value, double expected, double tolerance, const std::string& what) {
  INFO(what, ": ", value, ", expected ", expected, " within ", tolerance);
  CHECK(std::abs(value - expected) <= tolerance);
}

// "r18" -> "iresnet18", "mbf" -> "mobilefacenet".
std::string network_of(const std::string& architecture) {
  return architecture == "mbf" ? "mobilefacenet" : "iresnet" + architecture.substr(1);
}

class GoldenNetwork {
 public:
  GoldenNetwork(const std::filesystem::path& folder, const std::string& name, Backend& backend)
      : folder_(folder),
        golden_(read_json(folder / ("network_" + name + ".json"))),
        seed_(golden_["seed"]),
        network_(network_of(golden_["architecture"]), {.embedding_size = golden_["embedding"]}, backend),
        images_(test::golden_images(seed_, golden_["input"]["train_batch"])) {}

  void check_all() {
    check_input();
    fill_and_check_state();
    network_.inspect();
    check_evaluation();
    check_training();
    if (golden_.contains("trace")) check_trace();
  }

 private:
  const Parameters& parameters() { return network_.parameters(); }
  Floats values(const std::string& name) { return parameters().values(parameters().slice(name)); }
  Floats gradients(const std::string& name) { return parameters().gradients(parameters().slice(name)); }
  std::vector<double> array(const Json& file) {
    return Npy(folder_ / file["file"].get<std::string>()).doubles();
  }

  void check_input() {
    const Json& probe = golden_["input"]["probe"];
    for (size_t i = 0; i < probe["at"].size(); ++i) {
      CHECK(static_cast<double>(images_.floats()[probe["at"][i].get<size_t>()]) ==
            probe["value"][i].get<double>());
    }
  }

  // Also that names, shapes and order are state_dict's.
  void fill_and_check_state() {
    CHECK(network_.graph().parameter_count() == golden_["parameters"].get<int64_t>());
    CHECK(parameters().trainable_count() == golden_["trainable"].get<int64_t>());
    CHECK(golden_["state"].size() == golden_["state_entries"].get<size_t>());
    size_t next = 0;
    for (const Json& entry : golden_["state"]) {
      const auto name = entry["name"].get<std::string>();
      if (name.ends_with(".num_batches_tracked")) continue;  // a counter that nothing reads
      CAPTURE(name);
      REQUIRE(next < parameters().slices().size());
      const Slice& slice = parameters().slices()[next++];
      REQUIRE(slice.name == name);
      REQUIRE(slice.shape == entry["shape"].get<std::vector<int64_t>>());
      const test::HashStream u(seed_, name);
      const double base = entry["base"], amp = entry["amp"];
      const std::span<float> values = parameters().values(slice);
      double sum = 0;
      for (size_t i = 0; i < values.size(); ++i) {
        values[i] = static_cast<float>(base + amp * u(static_cast<int64_t>(i)));
        sum += static_cast<double>(values[i]);
      }
      CHECK(static_cast<double>(values.front()) == entry["first"].get<double>());
      CHECK(static_cast<double>(values.back()) == entry["last"].get<double>());
      CHECK(sum == doctest::Approx(entry["sum"].get<double>()).epsilon(1e-9));
    }
    CHECK(next == parameters().slices().size());
  }

  // A module's output is its last node: "layer1" ends with its last block.
  std::string node_of(const std::string& tap) {
    std::string found = tap;
    for (const Node& node : network_.graph().nodes()) {
      if (node.name == tap || node.name.starts_with(tap + ".")) found = node.name;
    }
    return found;
  }

  void check_tap(const std::string& name, const Json& expected) {
    const Tensor tap = network_.tap(node_of(name));
    CAPTURE(name);
    const auto shape = expected["shape"].get<std::vector<int64_t>>();
    const int64_t count = std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies{});
    REQUIRE(tap.view().count() == count);
    double sum = 0, squares = 0;
    for (const float x : tap.floats()) {
      sum += static_cast<double>(x);
      squares += static_cast<double>(x) * static_cast<double>(x);
    }
    const double mean = sum / static_cast<double>(count);
    const double deviation = expected["std"];
    check_near(mean, expected["mean"], 1e-5 * deviation, "mean of " + name);
    check_near(std::sqrt(squares / static_cast<double>(count) - mean * mean), deviation, 1e-5 * deviation,
               "deviation of " + name);
    if (!expected.contains("at")) return;
    for (size_t i = 0; i < expected["at"].size(); ++i) {
      check_near(static_cast<double>(tap.floats()[expected["at"][i].get<size_t>()]), expected["value"][i],
                 1e-4 * deviation, "a value of " + name);
    }
  }

  View evaluation_images() {
    View images = images_.view();
    images.shape.n = golden_["input"]["eval_batch"];
    return images;
  }

  void check_evaluation() {
    const View& out = network_.forward_eval(evaluation_images());
    const double error = test::relative_distance(out.floats(), array(golden_["eval"]["out"]));
    MESSAGE("eval output: relative error ", error,
            " (the reference in f32: ", golden_["f32_error"]["eval_out"].get<double>(), ")");
    CHECK(error <= 2e-5);
    CHECK(test::relative_distance(out.floats(), array(golden_["eval"]["out_f32"])) <= 2e-5);
    for (const auto& [name, expected] : golden_["taps_eval"].items()) check_tap(name, expected);
    for (const auto& [name, expected] : golden_["blocks_eval"].items()) check_tap(name, expected);
  }

  void check_training() {
    const View& out = network_.forward_train(images_);
    const double error = test::relative_distance(out.floats(), array(golden_["train"]["out"]));
    MESSAGE("train output: relative error ", error);
    CHECK(error <= 2e-5);
    for (const auto& [name, expected] : golden_["taps_train"].items()) check_tap(name, expected);

    Tensor g(out.shape);
    const test::HashStream u(seed_, "grad_out");
    double loss = 0;
    for (int64_t i = 0; i < out.count(); ++i) {
      g.f32()[i] = static_cast<float>(u(i));
      loss += static_cast<double>(out.f32()[i]) * static_cast<double>(g.f32()[i]);
    }
    // A sum of both signs: its error is that of the outputs (2e-5), not a part of its own size.
    const double tolerance =
        2e-5 * norm(out.floats()) * norm(g.floats()) / std::sqrt(static_cast<double>(out.count()));
    check_near(loss, golden_["train"]["loss"], tolerance, "loss");
    parameters().zero_gradients();
    network_.backward(g);
    check_running();
    check_gradients();
  }

  void check_running() {
    CHECK(!golden_["running"].empty());
    for (const auto& [name, e] : golden_["running"].items()) {
      const Floats v = values(name);
      const auto first = e["first"].get<double>(), last = e["last"].get<double>();
      const double sumsq = e["sumsq"], square = norm(v) * norm(v);
      double sum = 0;
      for (const float x : v) sum += static_cast<double>(x);
      // A mean that lies near zero by cancellation keeps the rounding of the terms it came from.
      const double count = static_cast<double>(v.size()), typical = std::sqrt(sumsq / count);
      const auto tolerance = [&](double x) { return 2e-5 * std::abs(x) + 1e-7 * typical; };
      check_near(static_cast<double>(v.front()), first, tolerance(first), "first of " + name);
      check_near(static_cast<double>(v.back()), last, tolerance(last), "last of " + name);
      check_near(sum, e["sum"], 2e-5 * typical * count, "sum of " + name);
      check_near(square, sumsq, 2e-5 * sumsq, "sum of squares of " + name);
    }
  }

  void check_gradients() {
    const Tensor images = network_.input_gradient();
    double largest = 0, worst = 0;
    size_t trained = 0;
    for (const Slice& s : parameters().slices()) {
      trained += s.trainable;
      largest = std::max(largest, norm(parameters().gradients(s)));
    }
    CHECK(golden_["gradients"].size() == trained + 1);
    for (const auto& [name, e] : golden_["gradients"].items()) {
      const Floats gradient = name == "input" ? Floats(images.floats()) : gradients(name);
      const double length = norm(gradient);
      if (e.value("zero", false)) {
        check_near(length, 0, 1e-6 * largest, "gradient of " + name);
        continue;
      }
      const double expected = e["norm"];
      worst = std::max(worst, std::abs(length / expected - 1));
      check_near(length, expected, 5e-3 * expected, "norm of the gradient of " + name);
      for (size_t i = 0; i < e["at"].size(); ++i) {
        check_near(static_cast<double>(gradient[e["at"][i].get<size_t>()]), e["value"][i], 5e-3 * expected,
                   "gradient of " + name);
      }
    }
    MESSAGE("gradient norms: worst relative error ", worst,
            " (the reference in f32: ", golden_["f32_error"]["gradient_norm"].get<double>(), ")");
  }

  void check_trace();

  std::filesystem::path folder_;
  Json golden_;
  int64_t seed_;
  Network network_;
  Tensor images_;
};

// Mean ArcFace loss with exact gradients, in double: dx (n, d) and dw (c, d) overwritten.
double arcface(Floats x, const std::vector<double>& w, const Json& trace, size_t d, std::vector<double>& dx,
               std::vector<double>& dw) {
  const size_t n = trace["labels"].size(), classes = trace["classes"];
  const double s = trace["s"], m = trace["m2"];
  dx.assign(n * d, 0);
  dw.assign(classes * d, 0);
  std::vector<double> w_norm(classes), cosine(classes), slope(classes);
  for (size_t j = 0; j < classes; ++j) {
    w_norm[j] = std::sqrt(std::inner_product(&w[j * d], &w[j * d] + d, &w[j * d], 0.0));
  }
  double loss = 0;
  for (size_t i = 0; i < n; ++i) {
    const Floats row = x.subspan(i * d, d);
    const size_t y = trace["labels"][i];
    const double x_norm = norm(row);
    std::vector<double> logit(classes);
    for (size_t j = 0; j < classes; ++j) {
      double dot = 0;
      for (size_t k = 0; k < d; ++k) dot += static_cast<double>(row[k]) * w[j * d + k];
      cosine[j] = dot / (x_norm * w_norm[j]);
      logit[j] = s * cosine[j];
      slope[j] = s;
    }
    const double theta = std::acos(cosine[y]);
    logit[y] = s * std::cos(theta + m);
    slope[y] = s * std::sin(theta + m) / std::sin(theta);
    const double top = *std::ranges::max_element(logit);
    double sum = 0;
    for (const double l : logit) sum += std::exp(l - top);
    loss += (top + std::log(sum) - logit[y]) / static_cast<double>(n);
    for (size_t j = 0; j < classes; ++j) {
      const double p = std::exp(logit[j] - top) / sum - (j == y ? 1 : 0);
      const double g = p * slope[j] / static_cast<double>(n);  // d loss / d cosine
      for (size_t k = 0; k < d; ++k) {
        const double xu = static_cast<double>(row[k]) / x_norm, wu = w[j * d + k] / w_norm[j];
        dx[i * d + k] += g * (wu - cosine[j] * xu) / x_norm;
        dw[j * d + k] += g * (xu - cosine[j] * wu) / w_norm[j];
      }
    }
  }
  return loss;
}

// Three steps of SGD on backbone and head; the backbone's gradient is clipped, the head's not (spec 03 §3.1).
void GoldenNetwork::check_trace() {
  const Json& trace = golden_["trace"];
  const auto d = static_cast<size_t>(network_.embedding_size());
  fill_and_check_state();
  std::vector<double> head(trace["classes"].get<size_t>() * d), head_momentum(head.size()), dx, dw;
  const test::HashStream u(seed_, "head.weight");
  for (size_t i = 0; i < head.size(); ++i) {
    head[i] = static_cast<double>(static_cast<float>(0.01 * std::sqrt(3.0) * u(static_cast<int64_t>(i))));
  }
  std::vector<float> momentum(parameters().values().size());
  const double decay = trace["weight_decay"], keep = trace["momentum"], clip = trace["clip"];
  for (size_t k = 0; k < trace["loss"].size(); ++k) {
    const double lr = trace["lr"][k], expected = trace["loss"][k],
                 expected_norm = trace["backbone_grad_norm"][k];
    const View& out = network_.forward_train(images_);
    const double loss = arcface(out.floats(), head, trace, d, dx, dw);
    check_near(loss, expected, (k == 0 ? 1e-5 : 2e-2) * expected, fmt::format("loss before step {}", k));
    Tensor g(out.shape);
    std::ranges::transform(dx, g.floats().begin(), [](double v) { return static_cast<float>(v); });
    parameters().zero_gradients();
    network_.backward(g);
    const double length = norm(parameters().gradients());
    check_near(length, expected_norm, 2e-2 * expected_norm, fmt::format("gradient norm of step {}", k));
    const double factor = std::min(1.0, clip / (length + 1e-6));
    for (const Slice& s : parameters().slices()) {
      if (!s.trainable) continue;
      for (auto i = static_cast<size_t>(s.offset); i < static_cast<size_t>(s.offset + s.count); ++i) {
        float& w = parameters().values()[i];
        const double gradient =
            factor * static_cast<double>(parameters().gradients()[i]) + decay * static_cast<double>(w);
        momentum[i] = static_cast<float>(keep * static_cast<double>(momentum[i]) + gradient);
        w -= static_cast<float>(lr * static_cast<double>(momentum[i]));
      }
    }
    for (size_t i = 0; i < head.size(); ++i) {
      head_momentum[i] = keep * head_momentum[i] + dw[i] + decay * head[i];
      head[i] -= lr * head_momentum[i];
    }
  }
  const Json& after = trace["head_after"];
  const double sumsq = std::inner_product(head.begin(), head.end(), head.begin(), 0.0);
  const double scale = std::sqrt(sumsq / static_cast<double>(head.size()));
  check_near(std::accumulate(head.begin(), head.end(), 0.0), after["sum"],
             2e-2 * scale * static_cast<double>(head.size()), "sum of the head's weights");
  check_near(sumsq, after["sumsq"], 2e-2 * after["sumsq"].get<double>(),
             "sum of squares of the head's weights");
  for (size_t i = 0; i < after["first"].size(); ++i) {
    check_near(head[i], after["first"][i], 2e-2 * scale, "a weight of the head");
  }
  for (const auto& [name, expected] : trace["parameter_norms_after"].items()) {
    check_near(norm(values(name)), expected, 2e-2 * expected.get<double>(), "norm of " + name + " after");
  }
  const View& out = network_.forward_eval(evaluation_images());
  const Json& e = trace["eval_embedding_after"];
  const double deviation = e["std"];
  for (size_t i = 0; i < e["at"].size(); ++i) {
    check_near(static_cast<double>(out.floats()[e["at"][i].get<size_t>()]), e["value"][i], 2e-2 * deviation,
               "a value of an embedding after");
  }
}

void check(const std::string& name, const std::string& backend_name) {
  const auto folder = test::golden();
  if (folder.empty()) return;
  const auto backend = make_backend(backend_name);
  MESSAGE(name, " on ", backend->name());
  GoldenNetwork(folder, name, *backend).check_all();
}

}  // namespace

TEST_CASE("golden network r18_d2 on the reference backend") { check("r18_d2", "ref"); }
TEST_CASE("golden network r18_d2") { check("r18_d2", "cpu"); }
TEST_CASE("golden network r18") { check("r18", "cpu"); }
TEST_CASE("golden network r34") { check("r34", "cpu"); }
TEST_CASE("golden network r50") { check("r50", "cpu"); }
TEST_CASE("golden network r100") { check("r100", "cpu"); }
TEST_CASE("golden network mbf on the reference backend") { check("mbf", "ref"); }
TEST_CASE("golden network mbf") { check("mbf", "cpu"); }
