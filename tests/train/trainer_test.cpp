#include "train/trainer.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "nn/checkpoint.h"
#include "train/small_run.h"

using namespace fr;
using test::contains;
using test::error_of;
using test::log_of;
using test::MemoryDataset;
using test::small_options;

TEST_CASE("the loss falls, and the log, checkpoint and model tell of it") {
  const test::ScratchFolder scratch;
  const MemoryDataset dataset(2, 8);
  const auto backend = make_backend("cpu");
  auto options = small_options(scratch / "run");
  options.steps = 24;
  options.lr = 0.05;
  options.evaluate_every = 10;
  Trainer trainer(dataset, options, *backend);
  trainer.set_evaluation([](Network& network) {
    return std::map<std::string, double>{{"size", static_cast<double>(network.embedding_size())}};
  });
  trainer.run();
  CHECK(trainer.step() == 24);

  double early = 0, late = 0;
  int evaluations = 0;
  for (const Json& line : log_of(scratch / "run")) {
    if (line.contains("evaluation")) {
      CHECK(line["evaluation"]["size"] == 8);
      ++evaluations;
    }
    if (!line.contains("loss")) continue;
    const int64_t step = line["step"];
    CHECK(line["epoch"] == (step - 1) / 4);
    CHECK(line["lr"].get<double>() == doctest::Approx(0.05 * (1 - static_cast<double>(step - 1) / 24)));
    CHECK(line["images_per_second"] > 0);
    CHECK(line["gradient_norm"]["backbone"] > 0);
    if (step <= 4) early += line["loss"].get<double>();
    if (step > 20) late += line["loss"].get<double>();
  }
  CHECK(evaluations == 3);  // steps 10, 20 and the last
  CHECK(late < 0.7 * early);

  const Safetensors checkpoint(scratch / "run/checkpoint.safetensors");
  CHECK(checkpoint.metadata().at("step") == "24");
  CHECK(checkpoint.metadata().at("network") == "iresnet_tiny");
  CHECK(checkpoint.metadata().at("embedding_size") == "8");
  CHECK(checkpoint.metadata().at("loss") == "arcface");
  CHECK(checkpoint.tensor("head.weight").shape == std::vector<int64_t>{2, 8});
  CHECK(checkpoint.contains("momentum.backbone"));
  CHECK(checkpoint.contains("momentum.head"));

  const auto loaded = load_network(scratch / "run/model.safetensors", *backend);
  CHECK(loaded->parameters_hash() == trainer.network().parameters_hash());
}

TEST_CASE("a classifier of vectors: the loss falls, the model keeps its head and class names") {
  const test::ScratchFolder scratch;
  const test::MemoryVectors dataset(4, 8, 12);
  const auto backend = make_backend("cpu");
  for (const std::string loss : {"softmax", "cosface"}) {
    auto options = small_options(scratch / loss);
    options.network = "mlp";
    options.loss = {};
    options.loss.name = loss;
    options.batch_size = 8;
    options.steps = 40;
    options.lr = 0.05;
    Trainer(dataset, options, *backend).run();
    const auto lines = log_of(scratch / loss);
    CHECK(lines.back()["loss"].get<double>() < 0.5 * lines.at(1)["loss"].get<double>());
    const Safetensors model(scratch / loss / "model.safetensors");
    CHECK(model.metadata().at("input_size") == "12");
    CHECK(model.metadata().at("class_names") == "100 101 102 103");
    CHECK(model.metadata().at("logit_scale") == (loss == "softmax" ? "0" : "64"));
    CHECK(model.tensor("head.weight").shape == std::vector<int64_t>{4, 8});
    CHECK(model.contains("head.bias") == (loss == "softmax"));
    CHECK(Safetensors(scratch / loss / "checkpoint.safetensors").metadata().at("input_size") == "12");
  }
}

TEST_CASE("networks of images and of vectors each refuse the other's data") {
  const test::ScratchFolder scratch;
  const auto backend = make_backend("cpu");
  auto options = small_options(scratch / "run");
  CHECK(contains(error_of([&] { Trainer(test::MemoryVectors(2, 4, 12), options, *backend); }),
                 "network iresnet_tiny reads items of shape (1, 3, 112, 112), but the data have (1, 12"));
  options.network = "mlp";
  CHECK(contains(error_of([&] { Trainer(MemoryDataset(2, 4), options, *backend); }),
                 "but the data have (1, 3, 112, 112): 8 images in memory"));
  CHECK_FALSE(std::filesystem::exists(scratch / "run"));
}

TEST_CASE("a resume ends with the bits of an uninterrupted run") {
  const test::ScratchFolder scratch;
  const MemoryDataset dataset(3, 5);
  const auto backend = make_backend("cpu");
  for (const std::string schedule : {"polynomial", "step"}) {
    auto options = small_options(scratch / schedule / "whole");
    options.schedule = schedule;
    options.network_options.dropout = 0.4f;
    options.clip = 5;
    options.lr_steps = {3};
    Trainer(dataset, options, *backend).run();
    const std::string model = read_text(options.folder / "model.safetensors");
    const std::string checkpoint = read_text(options.folder / "checkpoint.safetensors");

    options.folder = scratch / schedule / "broken";
    class Cut {};      // what ends a run in the middle, as seen from inside the process
    int64_t from = 0;  // checkpoints are at 2 and 4
    for (const int64_t at : {1, 3, 5}) {
      options.evaluate_every = at;
      options.workers = static_cast<int>(at);
      Trainer trainer(dataset, options, *backend);
      CHECK(trainer.step() == from);
      from = at - at % 2;
      trainer.set_evaluation([](Network&) -> std::map<std::string, double> { throw Cut(); });
      CHECK_THROWS_AS(trainer.run(), Cut);
    }
    options.evaluate_every = 0;
    Trainer trainer(dataset, options, *backend);
    CHECK(trainer.step() == 4);
    trainer.run();
    CHECK(read_text(options.folder / "model.safetensors") == model);
    CHECK(read_text(options.folder / "checkpoint.safetensors") == checkpoint);
    // The log reads as if nothing had happened: one line a step.
    int64_t next = 0;
    for (const Json& line : log_of(options.folder)) CHECK(line["step"] == next++);
    CHECK(next == 7);
  }
}

TEST_CASE("a resume samples the classes that an uninterrupted run does") {
  const test::ScratchFolder scratch;
  const MemoryDataset dataset(6, 3);
  const auto backend = make_backend("cpu");
  for (const auto momentum : {SampledMomentum::kDense, SampledMomentum::kSampled}) {
    auto options = small_options(scratch / std::to_string(static_cast<int>(momentum)) / "whole");
    options.loss.sample = 0.7;
    options.loss.sampled_momentum = momentum;
    Trainer(dataset, options, *backend).run();
    const std::string checkpoint = read_text(options.folder / "checkpoint.safetensors");

    options.folder = scratch / std::to_string(static_cast<int>(momentum)) / "broken";
    class Cut {};
    options.evaluate_every = 3;
    {
      Trainer cut(dataset, options, *backend);
      cut.set_evaluation([](Network&) -> std::map<std::string, double> { throw Cut(); });
      CHECK_THROWS_AS(cut.run(), Cut);
    }
    options.evaluate_every = 0;
    auto other = options;
    other.loss.sample = 0.5;
    CHECK(contains(error_of([&] { Trainer(dataset, other, *backend); }), "holds another run"));
    Trainer resumed(dataset, options, *backend);
    CHECK(resumed.step() == 2);
    resumed.run();
    CHECK(read_text(options.folder / "checkpoint.safetensors") == checkpoint);
  }
}

TEST_CASE("a finished run is not trained again, a step-schedule run can be given more steps") {
  const test::ScratchFolder scratch;
  const MemoryDataset dataset(2, 4);
  const auto backend = make_backend("cpu");
  auto options = small_options(scratch / "run");
  options.schedule = "step";
  options.lr_steps = {100};
  options.steps = 2;
  Trainer(dataset, options, *backend).run();
  const std::string model = read_text(options.folder / "model.safetensors");
  std::filesystem::remove(options.folder / "model.safetensors");
  Trainer(dataset, options, *backend).run();
  CHECK(read_text(options.folder / "model.safetensors") == model);

  options.steps = 3;
  {
    Trainer longer(dataset, options, *backend);
    CHECK(longer.step() == 2);
    longer.run();
  }
  CHECK(read_text(options.folder / "model.safetensors") != model);
  options.steps = 1;
  CHECK(contains(error_of([&] { Trainer(dataset, options, *backend); }), "step 3, beyond the 1 asked for"));
}

TEST_CASE("a checkpoint of another run is refused in one line, and fresh starts over") {
  const test::ScratchFolder scratch;
  const MemoryDataset dataset(2, 4);
  const auto backend = make_backend("cpu");
  const auto options = small_options(scratch / "run");
  Trainer(dataset, options, *backend).run();
  const auto refusal = [&](const TrainOptions& other, const Dataset& data) {
    std::string text = error_of([&] { Trainer(data, other, *backend); });
    CHECK(contains(text, "checkpoint.safetensors: holds another run ("));
    CHECK_FALSE(contains(text, "\n"));
    return text;
  };
  auto other = options;
  other.lr = 0.25;
  CHECK(contains(refusal(other, dataset), "lr 0.02 there, 0.25 here"));
  other = options;
  other.loss.name = "cosface";
  refusal(other, dataset);
  other = options;
  other.loss.m2 = 0.3;
  refusal(other, dataset);
  other = options;
  other.network_options.embedding_size = 16;
  CHECK(contains(refusal(other, dataset), "embedding_size 8 there, 16 here"));
  other = options;
  other.steps = 7;
  refusal(other, dataset);
  CHECK(contains(refusal(options, MemoryDataset(2, 6)), "memory:2x4 there, memory:2x6 here"));
  other = options;
  other.jpeg = "nvjpeg";
  CHECK(contains(refusal(other, dataset), "memory:2x4 there, memory:2x4, JPEGs by nvjpeg here"));
  other.folder = scratch / "nvjpeg";
  Trainer(dataset, other, *backend).run();
  CHECK(Trainer(dataset, other, *backend).step() == other.steps);
  other.jpeg = "libjpeg";
  CHECK(contains(refusal(other, dataset), "memory:2x4, JPEGs by nvjpeg there, memory:2x4 here"));

  other = options;
  other.lr = 0.25;
  other.fresh = true;
  CHECK(Trainer(dataset, other, *backend).step() == 0);
}

TEST_CASE("not-a-number stops the run at its step and names the tensor; the checkpoint stays") {
  const test::ScratchFolder scratch;
  const MemoryDataset dataset(2, 4);
  const auto backend = make_backend("cpu");
  auto options = small_options(scratch / "run");

  SUBCASE("a parameter, blown up by the learning rate") {
    options.lr = 3e38;
    const std::string text = error_of([&] { Trainer(dataset, options, *backend).run(); });
    INFO(text);
    CHECK(contains(text, "step 0: "));
    CHECK(contains(text, "parameter '"));
    CHECK(contains(text, "there is no checkpoint yet"));
    CHECK_FALSE(std::filesystem::exists(options.folder / "model.safetensors"));
  }
  SUBCASE("a parameter that turns bad after a checkpoint") {
    options.evaluate_every = 3;
    Trainer trainer(dataset, options, *backend);
    trainer.set_evaluation([&](Network& network) {
      network.parameters().values(network.parameters().slices().back())[0] =
          std::numeric_limits<float>::quiet_NaN();
      return std::map<std::string, double>{};
    });
    const std::string text = error_of([&] { trainer.run(); });
    INFO(text);
    CHECK(contains(text, "step 3: "));
    CHECK(contains(text, "the checkpoint of step 2 stays"));
    CHECK(Safetensors(options.folder / "checkpoint.safetensors").metadata().at("step") == "2");
  }
}

TEST_CASE("a bad image or label ends the run in one line, the checkpoint stays") {
  const test::ScratchFolder scratch;
  MemoryDataset dataset(2, 8);
  const auto backend = make_backend("cpu");
  const auto options = small_options(scratch / "run");
  const auto order = make_shuffling_sampler(dataset.size(), options.seed)->epoch(0);
  dataset.bad_image = order[13];  // batch 3
  CHECK(error_of([&] { Trainer(dataset, options, *backend).run(); }) ==
        dataset.item_name(order[13]) + ": not a readable image");
  CHECK(Safetensors(options.folder / "checkpoint.safetensors").metadata().at("step") == "2");
  CHECK_FALSE(std::filesystem::exists(options.folder / "model.safetensors"));
  dataset.bad_image = -1;
  dataset.stray_label = order[14];
  CHECK(contains(error_of([&] { Trainer(dataset, options, *backend).run(); }), "label 2 is out of range"));
  dataset.stray_label = -1;
  Trainer mended(dataset, options, *backend);
  CHECK(mended.step() == 2);
  mended.run();
}

TEST_CASE("two runs cannot share a folder, and leftovers of a killed one are swept") {
  const test::ScratchFolder scratch;
  const auto folder = scratch / "run";
  write_file(folder / "checkpoint.safetensors.123.tmp", "half a checkpoint");
  const RunFolder first(folder);
  CHECK_FALSE(std::filesystem::exists(folder / "checkpoint.safetensors.123.tmp"));
  CHECK(contains(error_of([&] { RunFolder second(folder); }), "another training run"));
}

TEST_CASE("options out of range are named") {
  const MemoryDataset dataset(2, 4);
  const auto backend = make_backend("cpu");
  const test::ScratchFolder scratch;
  const auto fault = [&](auto change) {
    auto options = small_options(scratch / "run");
    change(options);
    return error_of([&] { Trainer(dataset, options, *backend); });
  };
  CHECK(contains(fault([](TrainOptions& o) { o.batch_size = 9; }), "one batch of 9"));
  CHECK(contains(fault([](TrainOptions& o) { o.batch_size = 1; }), "batch size 1"));
  CHECK(contains(fault([](TrainOptions& o) { o.lr = -1; }), "learning rate -1"));
  CHECK(contains(fault([](TrainOptions& o) { o.schedule = "cosine"; }), "unknown schedule 'cosine'"));
  CHECK(contains(fault([](TrainOptions& o) { o.network = "vgg"; }), "unknown network 'vgg'"));
  CHECK(contains(fault([](TrainOptions& o) { o.loss.name = "hinge"; }), "hinge"));
  CHECK(contains(fault([](TrainOptions& o) { o.sgd = "caffe"; }), "unknown SGD form 'caffe'"));
  CHECK_FALSE(std::filesystem::exists(scratch / "run"));
}
