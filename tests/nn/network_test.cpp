// The networks: their size, names and start, and what a Network promises of plans, memory and batches.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/error.h"
#include "gradient.h"

using namespace fr;

TEST_CASE("the registered networks") {
  const auto& registry = Registry<NetworkKind>::instance();
  for (const char* name : {"iresnet18", "iresnet34", "iresnet50", "iresnet100", "iresnet200", "iresnet_tiny",
                           "iresnet_mini", "mobilefacenet", "mlp"}) {
    CHECK(registry.contains(name));
  }
}

TEST_CASE("parameters and multiply-adds equal the published ones") {
  struct Expected {
    int64_t parameters;
    double giga_multiply_adds;  // as the reference prints them; 0: not printed there
  };
  const std::map<std::string, Expected> expected = {
      {"iresnet18", {24'025'600, 2.6}},    {"iresnet34", {34'139'328, 0}},
      {"iresnet50", {43'590'848, 6.3}},    {"iresnet100", {65'156'160, 12.1}},
      {"iresnet200", {118'833'920, 23.5}}, {"mobilefacenet", {2'059'520, 0}}};
  for (const auto& [name, e] : expected) {
    const Graph g = Registry<NetworkKind>::instance().find(name)({});
    const auto& shown = name;  // clang 14 captures no structured binding
    CAPTURE(shown);
    CHECK(g.parameter_count() == e.parameters);
    const double giga = static_cast<double>(g.multiply_adds()) * 1e-9;
    if (e.giga_multiply_adds > 0) CHECK(giga == doctest::Approx(e.giga_multiply_adds).epsilon(0.005));
  }
}

TEST_CASE("iresnet_tiny has the form of the others at a quarter of the width") {
  const Graph g = Registry<NetworkKind>::instance().find("iresnet_tiny")({.embedding_size = 64});
  CHECK(g.node(g.find("prelu")).shape == Shape{1, 16, 112, 112});
  CHECK(g.node(g.find("layer4.0")).shape == Shape{1, 128, 7, 7});
  CHECK(g.parameters().front().name == "conv1.weight");
  const auto fc = std::ranges::find(g.parameters(), "fc.weight", &ParameterSpec::name);
  REQUIRE(fc != g.parameters().end());
  CHECK(fc->shape == std::vector<int64_t>{64, 128 * 7 * 7});
  CHECK_THROWS_AS(g.find("layer1.1"), Error);
}

TEST_CASE("the perceptron: two layers on vectors, each added to its input where the widths agree") {
  const auto build = Registry<NetworkKind>::instance().find("mlp");
  const Graph wide = build({.embedding_size = 1024, .input_size = 512});
  CHECK(wide.node(0).shape == Shape{1, 512, 1, 1});
  CHECK(wide.node(wide.output()).shape == Shape{1, 1024, 1, 1});
  CHECK(wide.multiply_adds() == 512 * 1024 + 1024 * 1024);
  CHECK(wide.parameter_count() == 512 * 1024 + 1024 * 1024 + 2 * 4 * 1024);  // bias, gamma, beta, slope
  CHECK_THROWS_AS(wide.find("layer1"), Error);
  CHECK(wide.node(wide.find("layer2")).op == Op::kAdd);
  const Graph even = build({.embedding_size = 64, .input_size = 64});
  CHECK(even.node(even.find("layer1")).sources[1] == 0);
}

TEST_CASE("initialise follows the specification and its seed") {
  const auto backend = make_backend("ref");
  Network network("iresnet_tiny", {.embedding_size = 32}, *backend);
  const Parameters& p = network.parameters();
  network.initialise(1);
  const std::string first = network.parameters_hash();
  network.initialise(2);
  CHECK(network.parameters_hash() != first);
  network.initialise(1);
  CHECK(network.parameters_hash() == first);

  double sum = 0, squares = 0;
  const auto conv = p.values(p.slice("layer4.0.conv2.weight"));
  for (float x : conv) {
    sum += static_cast<double>(x);
    squares += static_cast<double>(x) * static_cast<double>(x);
  }
  const auto n = static_cast<double>(conv.size());
  CHECK(std::abs(sum / n) < 0.001);
  CHECK(std::sqrt(squares / n) == doctest::Approx(0.1).epsilon(0.02));
  const float bound = 1 / std::sqrt(128.0f * 49);
  for (const char* name : {"fc.weight", "fc.bias"}) {
    const auto [low, high] = std::ranges::minmax(p.values(p.slice(name)));
    CHECK(low >= -bound);
    CHECK(high <= bound);
    CHECK(low < -0.5f * bound);
    CHECK(high > 0.5f * bound);
  }
  const auto all_are = [&](const char* name, float value) {
    return std::ranges::all_of(p.values(p.slice(name)), [&](float x) { return x == value; });
  };
  CHECK(all_are("layer1.0.bn3.weight", 1));
  CHECK(all_are("bn2.bias", 0));
  CHECK(all_are("layer2.0.prelu.weight", 0.25f));
  CHECK(all_are("features.running_mean", 0));
  CHECK(all_are("features.running_var", 1));
  CHECK(all_are("features.weight", 1));
  CHECK_FALSE(p.slice("features.weight").trainable);
  CHECK_FALSE(p.slice("bn1.running_var").trainable);
  CHECK(p.slice("features.bias").trainable);
}

TEST_CASE("gradients of iresnet_tiny agree with finite differences") {
  const auto backend = make_backend("cpu");
  Network network("iresnet_tiny", {.embedding_size = 4}, *backend);
  test::check_gradients(network, test::random_tensor({2, 3, 112, 112}, "images"), 3e-2);
}

TEST_CASE("plans and memory are made once per batch size and mode") {
  const auto backend = make_backend("cpu");
  Network network("iresnet_tiny", {.embedding_size = 8}, *backend);
  network.initialise(1);
  const Tensor images = test::random_tensor({4, 3, 112, 112}, "images"), g = test::random_tensor({4, 8}, "g");
  View two = images.view();
  two.shape.n = 2;
  for (int pass = 0; pass < 3; ++pass) {
    network.forward_eval(two);
    const int64_t evaluation = network.arena_bytes();
    network.forward_train(images);
    network.backward(g);
    if (pass > 0) CHECK(network.arena_bytes() == evaluation);
    CHECK(network.plans() == 2);
    CHECK(network.reorders() == 0);
  }
}

TEST_CASE("evaluation needs a fraction of the memory that training keeps") {
  const auto backend = make_backend("ref");
  const Tensor images = test::random_tensor({2, 3, 112, 112}, "images");
  Network network("iresnet_tiny", {.embedding_size = 8}, *backend);
  network.forward_eval(images);
  // Never more than the stem's convolution, its batch norm's result and one beside them.
  CHECK(network.arena_bytes() <= 2 * 16 * 112 * 112 * 4 * 3);
}

TEST_CASE("an image's embedding does not depend on its batch") {
  for (const std::string name : {"ref", "cpu"}) {
    const auto backend = make_backend(name);
    Network network("iresnet_tiny", {.embedding_size = 16}, *backend);
    network.initialise(1);
    const Tensor images = test::random_tensor({5, 3, 112, 112}, "images");
    const View& out = network.forward_eval(images);
    const std::vector<float> all(out.floats().begin(), out.floats().end());
    double largest = 0;
    for (float x : all) largest = std::max(largest, std::abs(static_cast<double>(x)));
    for (int64_t i = 0; i < 5; ++i) {
      const View one = view_of(images.f32() + i * 3 * 112 * 112, {1, 3, 112, 112});
      const View& y = network.forward_eval(one);
      for (int64_t k = 0; k < 16; ++k) {
        const double difference = std::abs(static_cast<double>(y.f32()[k]) -
                                           static_cast<double>(all[static_cast<size_t>(i * 16 + k)]));
        CHECK(difference <= (backend->name() == "ref" ? 0 : 1e-5 * largest));
      }
    }
  }
}

TEST_CASE("a frozen network embeds as it did before, up to rounding") {
  for (const std::string backend_name : {"ref", "cpu"}) {
    const auto backend = make_backend(backend_name);
    for (const std::string name :
         {"iresnet_tiny", "iresnet_mini", "mobilefacenet", "test_branches", "test_fused", "test_shared"}) {
      if (backend_name == "ref" && name == "mobilefacenet") continue;  // slow
      CAPTURE(name);
      Network network(name, {.embedding_size = 8, .dropout = 0.25f}, *backend);
      network.initialise(1);
      test::shake(network);
      Shape shape = network.graph().node(0).shape;
      shape.n = 4;
      const Tensor images = test::random_tensor(shape, "images");
      network.forward_train(images);  // statistics other than 0 and 1
      const View& before = network.forward_eval(images);
      const std::vector<float> expected(before.floats().begin(), before.floats().end());
      const double size =
          std::sqrt(std::inner_product(expected.begin(), expected.end(), expected.begin(), 0.0) /
                    static_cast<double>(expected.size()));
      network.freeze();
      for (const int64_t n : {int64_t{4}, int64_t{1}}) {
        shape.n = n;
        const View& after = network.forward_eval(view_of(images.f32(), shape));
        for (size_t i = 0; i < after.floats().size(); ++i) {
          const double difference = static_cast<double>(after.floats()[i]) - static_cast<double>(expected[i]);
          CHECK(std::abs(difference) <= 2e-5 * size);
        }
      }
      CHECK_THROWS_WITH_AS(network.forward_train(images), doctest::Contains("frozen"), Error);
    }
  }
}

TEST_CASE("a training pass moves the running statistics by the batch's, the variance unbiased") {
  const auto backend = make_backend("ref");
  Network network("iresnet_tiny", {.embedding_size = 4}, *backend);
  network.initialise(1);
  network.inspect();
  const Tensor images = test::random_tensor({2, 3, 112, 112}, "images");
  network.forward_train(images);
  const Tensor fc = network.tap("fc");  // (2, 4), what the last batch norm saw
  const Parameters& p = network.parameters();
  for (size_t k = 0; k < 4; ++k) {
    const double a = static_cast<double>(fc.floats()[k]), b = static_cast<double>(fc.floats()[4 + k]);
    const double mean = (a + b) / 2, unbiased = (a - b) * (a - b) / 2;
    CHECK(p.values(p.slice("features.running_mean"))[k] == doctest::Approx(0.1 * mean).epsilon(1e-4));
    CHECK(p.values(p.slice("features.running_var"))[k] ==
          doctest::Approx(0.9 + 0.1 * unbiased).epsilon(1e-4));
  }
}

TEST_CASE("misuse is refused in one line") {
  const auto backend = make_backend("ref");
  CHECK_THROWS_WITH_AS(Network("lenet", {}, *backend), doctest::Contains("unknown network 'lenet'"), Error);
  Network network("iresnet_tiny", {.embedding_size = 4}, *backend);
  CHECK_THROWS_WITH_AS(network.forward_eval(Tensor::zeros({1, 3, 96, 112})),
                       doctest::Contains("(1, 3, 96, 112)"), Error);
  CHECK_THROWS_AS(network.forward_train(Tensor::zeros({1, 3, 112, 112})), Error);
  CHECK_THROWS_AS(network.backward(Tensor::zeros({1, 4})), Error);
  CHECK_THROWS_AS(Network("iresnet_tiny", {.dropout = 1.0f}, *backend), Error);
}
