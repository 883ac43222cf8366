// SGD inside the head: the bits of a gradient for all classes followed by Sgd, without that gradient.
#include "core/error.h"
#include "loss/support.h"
#include "train/sgd.h"

using namespace fr;
using namespace fr::test;

namespace {

constexpr int64_t kSteps = 4;
constexpr double kRates[kSteps] = {0.5, 0.5, 0.05, 0.2};

struct Trained {
  std::vector<float> values, momentum, dx;
  std::vector<double> losses, squares;
};

std::vector<float> vector_of(std::span<const float> values) { return {values.begin(), values.end()}; }

// Steps of a loss on the same batch, by its own SGD where options.sgd is given, by Sgd otherwise.
Trained train(LossOptions options, const SgdOptions& sgd_options, Backend& backend, const LossInputs& in) {
  options.embedding_size = in.d;
  options.classes = in.classes;
  options.seed = 3;
  const auto loss = make_loss(options, backend);
  loss->initialise(5);
  Sgd sgd(sgd_options, loss->parameters());
  Trained result;
  result.dx.resize(in.x.size());
  for (int64_t step = 0; step < kSteps; ++step) {
    loss->set_step(step);
    loss->set_rate(kRates[step]);
    result.losses.push_back(loss->forward_backward(view_of(in.x.data(), {in.n, in.d}), in.labels,
                                                   view_of(result.dx.data(), {in.n, in.d})));
    double square = 0;
    if (options.sgd) {
      loss->gradient_squares(&square);
    } else {
      for (const float g : loss->parameters().gradients())
        square += static_cast<double>(g) * static_cast<double>(g);
      sgd.set_rate(kRates[step]);
      sgd.step();
    }
    result.squares.push_back(square);
  }
  result.values = vector_of(loss->parameters().values());
  result.momentum = vector_of(options.sgd ? loss->momentum().floats() : sgd.momentum().floats());
  return result;
}

}  // namespace

TEST_CASE("the head's own SGD gives the bits of all gradients and Sgd") {
  const OneThread one;
  const LossInputs in = random_inputs(12, 8, 29);
  for_each_backend([&](Backend& backend) {
    for (const std::string name : {"arcface", "nsoftmax", "softmax"})
      for (const SgdForm form : {SgdForm::kTorch, SgdForm::kMxnet})
        for (const double sample : {1.0, 0.5, 0.0}) {
          INFO(name, " form ", static_cast<int>(form), " sample ", sample);
          const SgdOptions sgd{.form = form, .momentum = 0.9, .weight_decay = 0.01, .rescale = 0.5};
          LossOptions options;
          options.name = name;
          options.tile = 10;
          options.sample = sample;
          const Trained expected = train(options, sgd, backend, in);
          options.sgd = sgd;
          const Trained own = train(options, sgd, backend, in);
          CHECK(own.losses == expected.losses);
          CHECK(own.values == expected.values);
          CHECK(own.momentum == expected.momentum);
          CHECK(own.dx == expected.dx);
          for (size_t i = 0; i < own.squares.size(); ++i)
            CHECK(own.squares[i] == doctest::Approx(expected.squares[i]).epsilon(1e-6));
        }
  });
}

TEST_CASE("without its own SGD a loss has no momentum") {
  const auto backend = make_backend("ref");
  LossOptions options;
  options.classes = 3;
  CHECK(make_loss(options, *backend)->momentum().data == nullptr);
  options.sampled_momentum = SampledMomentum::kSampled;
  CHECK_THROWS_WITH_AS(make_loss(options, *backend),
                       "loss arcface: momentum of sampled classes alone needs the loss's own SGD", Error);
}
