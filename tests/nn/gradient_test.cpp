// Small graphs that meet every turn of the planner (several consumers, x + x, fused and unfused forms).
#include "gradient.h"

#include "core/registry.h"
#include "nn/graph.h"
#include "support/backends.h"

using namespace fr;

namespace {

// Everything unfused: PReLU and addition without a batch norm before them, a value with three consumers.
Graph branches(const NetworkOptions& options) {
  Graph g;
  const Value image = g.input({1, 3, 6, 6});
  const Value a = g.conv(image, "a", {.channels = 4});
  const Value b = g.prelu(a, "b");
  const Value c = g.add(a, b, "c");
  const Value d = g.add(c, c, "d");
  const Value e = g.add(d, a, "e");
  const Value f = g.conv(e, "f", {.channels = 4, .kernel = 1, .pad = 0, .groups = 2});
  const Value h = g.dropout(g.add(f, e, "h"), "dropout", options.dropout);
  g.linear(h, "fc", {.features = options.embedding_size});
  return g;
}

// Everything fused: batch norm + PReLU, + addition, and two batch norms that meet in one addition.
Graph fused(const NetworkOptions& options) {
  Graph g;
  const Value image = g.input({1, 3, 8, 8});
  Value x = g.conv(image, "stem", {.channels = 6});
  x = g.prelu(g.batch_norm(x, "bn"), "prelu");
  const Value left = g.batch_norm(g.conv(x, "left", {.channels = 8, .stride = 2}), "left_bn");
  const Value right =
      g.batch_norm(g.conv(x, "right", {.channels = 8, .kernel = 1, .stride = 2, .pad = 0}), "right_bn");
  x = g.add(left, right, "sum");
  const Value y = g.prelu(g.batch_norm(x, "again"), "again_prelu");
  x = g.add(x, y, "block");
  x = g.linear(x, "fc", {.features = options.embedding_size, .bias = false});
  g.batch_norm(x, "features", true);
  return g;
}

// A batch norm that two nodes read is not fused; the output is an addition.
Graph shared(const NetworkOptions& options) {
  Graph g;
  Value x = g.batch_norm(g.input({1, 2, 5, 5}), "first");
  x = g.add(g.prelu(x, "p"), x, "q");
  x = g.linear(x, "fc", {.features = options.embedding_size});
  const Value n = g.batch_norm(x, "n");
  g.add(n, x, "out");
  return g;
}

const Registration<NetworkKind> r1("test_branches", branches);
const Registration<NetworkKind> r2("test_fused", fused);
const Registration<NetworkKind> r3("test_shared", shared);

}  // namespace

TEST_CASE("gradients of small graphs agree with finite differences, on every backend") {
  for (const std::string& name : test::usable_host_backends()) {
    const auto backend = make_backend(name);
    for (const std::string network_name : {"test_branches", "test_fused", "test_shared", "mlp"}) {
      CAPTURE(name);
      CAPTURE(network_name);
      Network network(network_name, {.embedding_size = 3, .input_size = 4, .dropout = 0.25f, .seed = 9},
                      *backend);
      Shape shape = network.graph().node(0).shape;
      shape.n = 5;
      test::check_gradients(network, test::random_tensor(shape, "images"), 1e-2);
    }
  }
}

TEST_CASE("gradients are added, not overwritten") {
  const auto backend = make_backend("ref");
  Network network("test_fused", {.embedding_size = 3}, *backend);
  network.initialise(1);
  const Tensor images = test::random_tensor({4, 3, 8, 8}, "images"), g = test::random_tensor({4, 3}, "g");
  std::vector<float> once;
  for (int pass = 0; pass < 2; ++pass) {
    network.forward_train(images);
    network.backward(g);
    if (pass == 0)
      once.assign(network.parameters().gradients().begin(), network.parameters().gradients().end());
  }
  const auto twice = network.parameters().gradients();
  for (size_t i = 0; i < once.size(); ++i) CHECK(twice[i] == doctest::Approx(2 * once[i]).epsilon(1e-4));
}

TEST_CASE("fusion leaves out what it can and the rest stays") {
  const auto backend = make_backend("ref");
  Network network("test_fused", {.embedding_size = 3}, *backend);
  network.inspect();
  network.initialise(1);
  network.forward_eval(test::random_tensor({2, 3, 8, 8}, "images"));
  for (const char* gone : {"bn", "left_bn", "again", "again_prelu"})
    CHECK_THROWS_AS(network.tap(gone), Error);
  for (const char* kept : {"stem", "prelu", "right_bn", "sum", "block", "fc", "features"}) network.tap(kept);
}

TEST_CASE("dropout keeps its rate and scale, and its mask is a function of seed and step") {
  const auto backend = make_backend("ref");
  Network network("test_branches", {.embedding_size = 3, .dropout = 0.25f, .seed = 9}, *backend);
  network.inspect();
  network.initialise(1);
  const Tensor images = test::random_tensor({50, 3, 6, 6}, "images");
  const auto masked = [&](uint64_t step) {
    network.set_dropout_step(step);
    network.forward_train(images);
    return network.tap("dropout");
  };
  const Tensor a = masked(1), b = masked(1), c = masked(2), x = network.tap("h");
  int64_t zeros = 0, differing = 0;
  for (size_t i = 0; i < a.floats().size(); ++i) {
    CHECK(a.floats()[i] == b.floats()[i]);
    differing += (a.floats()[i] == 0) != (c.floats()[i] == 0);
    zeros += a.floats()[i] == 0;
    if (a.floats()[i] != 0) CHECK(a.floats()[i] == doctest::Approx(x.floats()[i] / 0.75f));
  }
  const auto count = static_cast<double>(a.view().count());
  CHECK(static_cast<double>(zeros) / count == doctest::Approx(0.25).epsilon(0.05));
  CHECK(differing > 0);
  network.forward_eval(images);
  CHECK(network.tap("dropout").floats()[0] == network.tap("h").floats()[0]);
}
