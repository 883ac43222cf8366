// Every registered backend against ref on the one case table; two runs of a call give the same bits; bad
// shapes are errors.
#include <cstdlib>
#include <sstream>

#include "backend/harness.h"
#include "core/error.h"

using namespace fr;
using namespace fr::test;

TEST_CASE("required backends are built") {
  const char* required = std::getenv("FR_REQUIRE_BACKENDS");
  std::stringstream names(required != nullptr ? required : "ref");
  for (std::string name; std::getline(names, name, ',');) {
    INFO("backend ", name);
    CHECK(Registry<BackendKind>::instance().contains(name));
  }
}

TEST_CASE("an unknown backend is an error, auto is one of the known") {
  CHECK_THROWS_AS(make_backend("abacus"), Error);
  const auto backend = make_backend("auto");
  CHECK(Registry<BackendKind>::instance().contains(backend->name()));
}

TEST_CASE("backends agree with ref, and with themselves bit for bit") {
  const auto ref = make_backend("ref");
  for (const Case& c : conformance_cases()) {
    const Values before = initial_values(c);
    const Values expected = run_case(*ref, c, before);
    for (const std::string& name : Registry<BackendKind>::instance().names()) {
      const auto backend = make_backend(name);
      INFO(name, ": ", c.name);
      const Values result = run_case(*backend, c, before);
      for (size_t i = 0; i < result.size(); ++i) {
        INFO(c.operands[i].name);
        CHECK(difference(result[i], expected[i], tolerance(DType::kF32)) == "");
      }
      CHECK(same_bits(run_case(*backend, c, before), result));
    }
  }
}

TEST_CASE("what was added to is what was there plus the operation's result") {
  const auto ref = make_backend("ref");
  for (const Case& c : conformance_cases()) {
    Values zero = initial_values(c);
    const Values before = zero;
    for (size_t i = 0; i < zero.size(); ++i)
      if (c.operands[i].role == Role::kAdded) std::fill(zero[i].begin(), zero[i].end(), 0.0f);
    if (c.name.starts_with("gemm") || same_bits(zero, before)) continue;  // gemm scales c by beta
    INFO(c.name);
    const Values sum = run_case(*ref, c, before), alone = run_case(*ref, c, zero);
    for (size_t i = 0; i < sum.size(); ++i) {
      if (c.operands[i].role != Role::kAdded) continue;
      std::vector<float> expected = before[i];
      for (size_t j = 0; j < expected.size(); ++j) expected[j] += alone[i][j];
      CHECK(difference(sum[i], expected, 1e-6) == "");
    }
  }
}

TEST_CASE("bad shapes are errors on every backend") {
  for (const std::string& name : Registry<BackendKind>::instance().names()) {
    INFO(name);
    const auto b = make_backend(name);
    const Tensor x = Tensor::zeros({2, 4, 5, 5}), y = Tensor::zeros({2, 8, 5, 5});
    const Tensor small = Tensor::zeros({2, 8, 4, 5}), blocked = Tensor::zeros({2, 8, 5, 5}, {8});
    const Tensor row = Tensor::zeros({2, 3});
    std::vector<float> w(4096);
    CHECK_THROWS_AS(b->conv_forward({3, 1, 1, 1}, x, w.data(), small), Error);
    CHECK_THROWS_AS(b->conv_forward({3, 1, 1, 3}, x, w.data(), y), Error);
    CHECK_THROWS_AS(b->conv_forward({3, 0, 1, 1}, x, w.data(), y), Error);
    CHECK_THROWS_AS(b->conv_forward({9, 1, 1, 1}, x, w.data(), y), Error);
    CHECK_THROWS_AS(b->conv_forward({3, 1, 1, 1}, x, nullptr, y), Error);
    CHECK_THROWS_AS(b->conv_backward_data({3, 2, 1, 1}, y, w.data(), x), Error);
    CHECK_THROWS_AS(b->conv_backward_weights({3, 2, 1, 1}, x, y, w.data()), Error);
    CHECK_THROWS_AS(b->add(y, small, y), Error);
    CHECK_THROWS_AS(b->add(y, blocked, y), Error);
    CHECK_THROWS_AS(b->accumulate(x, y), Error);
    CHECK_THROWS_AS(b->reorder(x, y), Error);
    CHECK_THROWS_AS(b->reorder(x, View{}), Error);
    CHECK_THROWS_AS(b->prelu_forward(x, nullptr, x), Error);
    CHECK_THROWS_AS(b->prelu_backward(x, w.data(), y, x, w.data()), Error);
    CHECK_THROWS_AS(b->linear_forward(x, w.data(), nullptr, y), Error);
    CHECK_THROWS_AS(b->linear_backward(x, w.data(), row, y, w.data(), nullptr), Error);
    CHECK_THROWS_AS(b->gemm({false, false, 4, 4, 4, 1, 0, 3, 4, 4}, w.data(), w.data(), w.data()), Error);
    CHECK_THROWS_AS(b->gemm({false, false, 0, 4, 4, 1, 0, 4, 4, 4}, w.data(), w.data(), w.data()), Error);
    CHECK_THROWS_AS(b->batch_norm_train({nullptr, w.data()}, x, {}, x, w.data(), w.data()), Error);
    CHECK_THROWS_AS(b->batch_norm_train({w.data(), w.data()}, x, y, x, w.data(), w.data()), Error);
    CHECK_THROWS_AS(b->batch_norm_eval({w.data(), w.data()}, x, {}, y, w.data(), w.data()), Error);
    CHECK_THROWS_AS(b->batch_norm_backward({w.data(), w.data(), w.data()}, x, x, w.data(), w.data(), x, {}),
                    Error);
    const View bytes{x.view().data, x.shape(), {}, DType::kU8};
    CHECK_THROWS_AS(b->accumulate(bytes, x), Error);
    const View uneven{x.view().data, x.shape(), {3}, DType::kF32};
    CHECK_THROWS_AS(b->accumulate(uneven, uneven), Error);
  }
}
