// The working copy that SGD keeps: each weight rounded, a convolution's in the order (k, kernel, kernel, c).
#include "core/working_copy.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "core/random.h"
#include "loss/bf16_backend.h"
#include "train/kept_copy.h"
#include "train/sgd.h"

using namespace fr;

namespace {

// Convolutions of 3 x 3 and 1 x 1, a linear layer, a vector, and something frozen; none fills its 16 floats.
Parameters five_slices() {
  Parameters parameters;
  parameters.add("conv", {5, 3, 3, 3});
  parameters.add("mean", {2, 3, 5, 5}, false);
  parameters.add("gamma", {7});
  parameters.add("pointwise", {4, 6, 1, 1});
  parameters.add("fc", {3, 11});
  parameters.allocate();
  const RandomStream stream(1, "weights", 0);
  for (size_t i = 0; i < parameters.values().size(); ++i) {
    parameters.values()[i] = static_cast<float>(stream.uniform(2 * i)) - 0.5f;
    parameters.gradients()[i] = static_cast<float>(stream.uniform(2 * i + 1)) - 0.5f;
  }
  return parameters;
}

// (k, kernel, kernel, c) of a slice (k, c, kernel, kernel), written as four loops.
std::vector<float> turned(const Slice& slice, std::span<const float> w) {
  if (slice.shape.size() != 4) return {w.begin(), w.end()};
  const int64_t channels = slice.shape[1], height = slice.shape[2], width = slice.shape[3];
  std::vector<float> result;
  for (int64_t k = 0; k < slice.shape[0]; ++k)
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x)
        for (int64_t c = 0; c < channels; ++c)
          result.push_back(w[static_cast<size_t>(((k * channels + c) * height + y) * width + x)]);
  return result;
}

void check_copy(const WorkingCopy& copy, const Parameters& parameters) {
  for (const Slice& slice : parameters.slices()) {
    INFO(slice.name);
    const std::vector<float> expected = turned(slice, parameters.values(slice));
    const Bf16* const found = copy.of(parameters.values(slice).data());
    for (size_t i = 0; i < expected.size(); ++i) CHECK(found[i].bits == Bf16(expected[i]).bits);
  }
}

}  // namespace

TEST_CASE("working copy: made of the values, and made anew when they change") {
  const Parameters parameters = five_slices();
  WorkingCopy copy(parameters);
  copy.make();
  check_copy(copy, parameters);
  std::ranges::reverse(parameters.values());
  copy.make();
  check_copy(copy, parameters);
  CHECK(copy.of(nullptr) == nullptr);
  CHECK(copy.of(parameters.gradients().data()) == nullptr);
  CHECK(copy.of(parameters.values().data() + parameters.count()) == nullptr);
}

TEST_CASE("working copy: SGD in either form keeps it as it steps, and its steps stay the same") {
  for (const SgdForm form : {SgdForm::kTorch, SgdForm::kMxnet}) {
    const Parameters parameters = five_slices(), alone = five_slices();
    WorkingCopy copy(parameters);
    copy.make();
    Sgd sgd({.form = form}, parameters), sgd_alone({.form = form}, alone);
    sgd.keep(&copy);
    for (int step = 0; step < 3; ++step) {
      sgd.set_rate(0.1);
      sgd_alone.set_rate(0.1);
      sgd.step(false);
      sgd_alone.step(false);
      check_copy(copy, parameters);
      CHECK(std::ranges::equal(parameters.values(), alone.values()));
    }
    const float before = parameters.values()[0];
    sgd.keep(nullptr);
    sgd.step();
    CHECK(parameters.values()[0] != before);
    CHECK(copy.of(parameters.values().data())[0].bits == Bf16(before).bits);
  }
}

TEST_CASE("kept copy: the backend follows a true copy while it is held, and none otherwise") {
  const Parameters parameters = five_slices();
  test::Bf16Backend backend;
  Sgd sgd({}, parameters);
  sgd.set_rate(0.1);
  {
    KeptCopy kept(backend, sgd, parameters);
    CHECK(backend.followed == nullptr);
    for (int run = 0; run < 2; ++run) {
      std::ranges::reverse(parameters.values());  // by somebody else
      kept.hold();
      REQUIRE(backend.followed != nullptr);
      check_copy(*backend.followed, parameters);
      sgd.step(false);
      kept.hold();
      check_copy(*backend.followed, parameters);
      kept.let_go();
      CHECK(backend.followed == nullptr);
    }
    kept.hold();
  }
  CHECK(backend.followed == nullptr);
  sgd.step();  // into no copy any more
}
