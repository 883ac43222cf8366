// SGD inside the head: the bits of a gradient for all classes followed by Sgd, without that gradient.
#include "core/error.h"
#include "loss/steps.h"

using namespace fr;
using namespace fr::test;

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
