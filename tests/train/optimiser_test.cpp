// SGD: both update forms by hand, frozen slices, fused zeroing, independence of threads; clipping by norm.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"
#include "core/parallel.h"
#include "core/parameters.h"
#include "core/random.h"
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

// "a" (3) trainable, "frozen" (20), "b" (2) trainable: values 1, gradients 2.
Parameters three_slices() {
  Parameters parameters;
  parameters.add("a", {3});
  parameters.add("frozen", {20}, false);
  parameters.add("b", {2});
  parameters.allocate();
  for (const Slice& slice : parameters.slices()) {
    std::ranges::fill(parameters.values(slice), 1.0f);
    std::ranges::fill(parameters.gradients(slice), 2.0f);
  }
  return parameters;
}

}  // namespace

TEST_CASE("torch form: momentum holds gradients") {
  const Parameters parameters = three_slices();
  Sgd sgd({.momentum = 0.5, .weight_decay = 0.25}, parameters);
  sgd.set_rate(0.5);
  sgd.step(false);  // v = 2 + .25, w = 1 - .5 * 2.25
  CHECK(parameters.values(parameters.slice("a"))[2] == -0.125f);
  CHECK(sgd.momentum().floats()[0] == 2.25f);
  sgd.set_rate(1.0);
  sgd.step(false);  // v = 1.125 + (2 - .03125), w = -.125 - v
  CHECK(sgd.momentum().floats()[0] == 3.09375f);
  CHECK(parameters.values(parameters.slice("b"))[1] == -3.21875f);
}

TEST_CASE("MXNet form: momentum holds steps") {
  const Parameters parameters = three_slices();
  Sgd sgd({.form = SgdForm::kMxnet, .momentum = 0.5, .weight_decay = 0.25, .rescale = 0.5}, parameters);
  sgd.set_rate(0.5);
  sgd.step(false);  // v = -.5 (1 + .25), w = 1 + v
  CHECK(sgd.momentum().floats()[0] == -0.625f);
  CHECK(parameters.values(parameters.slice("a"))[0] == 0.375f);
  sgd.set_rate(1.0);
  sgd.step(false);  // v = -.3125 - (1 + .09375)
  CHECK(sgd.momentum().floats()[0] == -1.40625f);
  CHECK(parameters.values(parameters.slice("a"))[0] == -1.03125f);
}

TEST_CASE("a frozen slice is not stepped; zeroing clears every gradient") {
  const Parameters parameters = three_slices();
  Sgd sgd({}, parameters);
  sgd.set_rate(0.1);
  sgd.step(true);
  const Slice& frozen = parameters.slice("frozen");
  for (const float value : parameters.values(frozen)) CHECK(value == 1.0f);
  for (int64_t i = 0; i < frozen.count; ++i)
    CHECK(sgd.momentum().floats()[static_cast<size_t>(frozen.offset + i)] == 0);
  for (const float gradient : parameters.gradients()) CHECK(gradient == 0.0f);
  CHECK(parameters.values(parameters.slice("a"))[0] != 1.0f);
  CHECK(parameters.values(parameters.slice("b"))[1] != 1.0f);
}

TEST_CASE("a step gives the same bits for any number of threads") {
  const int threads = thread_count();
  std::vector<std::vector<float>> results;
  for (const int use : {1, 2, 3}) {
    set_thread_count(use);
    Parameters parameters;
    parameters.add("w", {100003});
    parameters.allocate();
    RandomStream stream(3, "optimiser_test");
    for (float& v : parameters.values()) v = stream.next_normal();
    for (float& g : parameters.gradients()) g = stream.next_normal();
    Sgd sgd({}, parameters);
    clip_gradients(parameters.gradients(), 5.0);
    sgd.set_rate(0.1);
    sgd.step(false);
    sgd.set_rate(0.01);
    sgd.step();
    results.emplace_back(parameters.values().begin(), parameters.values().end());
  }
  set_thread_count(threads);
  CHECK(results[0] == results[1]);
  CHECK(results[0] == results[2]);
}

TEST_CASE("clipping scales to the norm and leaves small gradients alone") {
  std::vector<float> gradients = {3, 4, 0, 12};
  CHECK(clip_gradients(gradients, 100) == 13.0);
  CHECK(gradients == std::vector<float>{3, 4, 0, 12});
  CHECK(clip_gradients(gradients, 6.5) == 13.0);
  for (size_t i = 0; i < 4; ++i)
    CHECK(gradients[i] == doctest::Approx(std::vector<double>{1.5, 2, 0, 6}[i]).epsilon(1e-6));
}

TEST_CASE("form names") {
  CHECK(sgd_form("torch") == SgdForm::kTorch);
  CHECK(sgd_form("mxnet") == SgdForm::kMxnet);
  CHECK_THROWS_WITH_AS(sgd_form("adam"), "unknown form of SGD 'adam' (known: torch mxnet)", Error);
}
