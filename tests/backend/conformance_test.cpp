// Every registered backend against ref on the one case table; two runs of a call give the same bits; bad
// shapes are errors.
#include <algorithm>

#include "backend/harness.h"
#include "core/error.h"
#include "support/backends.h"
#include "support/support.h"

using namespace fr;
using namespace fr::test;

TEST_CASE("required backends are built, and this machine has what they need") {
  for (const std::string& name : required_backends()) {
    INFO("backend ", name);
    CHECK(std::ranges::count(backend_names(), name) == 1);
    CHECK(why_no_backend(name) == "");
  }
}

TEST_CASE("the registered backends") {
  const std::vector<std::string> all{"cuda", "cuda_f32", "cuda_tf32", "onednn", "ref"};
  const std::vector<std::string> built = backend_names();
  CHECK(std::includes(all.begin(), all.end(), built.begin(), built.end()));
  CHECK(std::find(built.begin(), built.end(), "ref") != built.end());
  for (const std::string& name : built) {
    const std::string why = why_no_backend(name);
    INFO(name);
    CHECK(error_of([&] { make_backend(name); }) == (why.empty() ? "" : "backend " + name + ": " + why));
  }
}

TEST_CASE("an unknown backend is an error, auto is one of the known") {
  CHECK_THROWS_AS(make_backend("abacus"), Error);
  const auto backend = make_backend("auto");
  CHECK(std::ranges::count(backend_names(), backend->name()) == 1);
}

TEST_CASE("backends agree with ref, and with themselves bit for bit") {
  const auto ref = make_backend("ref");
  for (const std::string& name : usable_backends()) {
    const auto backend = make_backend(name);
    for (const Case& c : conformance_cases()) {
      check_against(*ref, *backend, c);
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
  for (const std::string& name : usable_backends()) {
    INFO(name);
    const auto b = make_backend(name);
    const auto zeros = [&](Shape shape, Layout layout = {}) {
      return Tensor::zeros(shape, layout, DType::kF32, b->device());
    };
    const Tensor x = zeros({2, 4, 5, 5}), y = zeros({2, 8, 5, 5});
    const Tensor small = zeros({2, 8, 4, 5}), blocked = zeros({2, 8, 5, 5}, {8}), row = zeros({2, 3});
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
    const View bytes{x.view().data, x.shape(), {}, DType::kU8, b->device()};
    CHECK_THROWS_AS(b->accumulate(bytes, x), Error);
    const View uneven{x.view().data, x.shape(), {3}, DType::kF32, b->device()};
    CHECK_THROWS_AS(b->accumulate(uneven, uneven), Error);
  }
}
