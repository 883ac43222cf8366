// Training on a GPU against training on a CPU: the same run, other devices. Skipped aloud where no GPU can be
// used or no backend for it was built.
#include <doctest/doctest.h>

#include <vector>

#include "core/random.h"
#include "nn/checkpoint.h"
#include "support/backends.h"
#include "train/small_run.h"

using namespace fr;
using test::can_use;
using test::log_of;
using test::MemoryDataset;
using test::small_options;

namespace {

const std::string kExact = "cuda_f32", kFast = "cuda", kHost = "cpu";

class Cut {};  // what ends a run in the middle, as seen from inside the process

// Trains `options` by `backend`; with cut_at > 0 only until that step, where the run is lost but for its
// checkpoint.
void train(const TrainOptions& options, const std::string& backend, int64_t cut_at = 0) {
  const MemoryDataset dataset(6, 3);
  const auto made = make_backend(backend);
  TrainOptions mine = options;
  mine.evaluate_every = cut_at;
  Trainer trainer(dataset, mine, *made);
  if (cut_at == 0) return trainer.run();
  trainer.set_evaluation([](Network&) -> std::map<std::string, double> { throw Cut(); });
  CHECK_THROWS_AS(trainer.run(), Cut);
}

TrainOptions all_that_varies(const std::filesystem::path& folder) {
  TrainOptions options = small_options(folder);
  options.network_options.dropout = 0.4f;
  options.clip = 5;
  options.loss.sample = 0.7;
  return options;
}

std::string checkpoint(const TrainOptions& options) {
  return read_text(options.folder / "checkpoint.safetensors");
}

// All tensors of a checkpoint: parameters and momentum.
std::vector<float> values(const TrainOptions& options) {
  std::vector<float> all;
  const Safetensors file(options.folder / "checkpoint.safetensors");
  for (const StoredTensor& tensor : file.tensors())
    all.insert(all.end(), tensor.floats().begin(), tensor.floats().end());
  return all;
}

}  // namespace

TEST_CASE("GPU in f32: a run ends where the CPU's does, with the same bits each time") {
  if (!can_use(kExact)) return;
  const test::ScratchFolder scratch;
  const TrainOptions gpu = all_that_varies(scratch / "gpu"), again = all_that_varies(scratch / "again"),
                     cpu = all_that_varies(scratch / "cpu");
  train(gpu, kExact);
  train(again, kExact);
  train(cpu, kHost);
  CHECK(checkpoint(gpu) == checkpoint(again));
  CHECK(test::relative_distance(values(gpu), values(cpu)) < 1e-3);
}

TEST_CASE("GPU: a resume ends with the bits of an uninterrupted run") {
  for (const std::string& backend : {kExact, kFast}) {
    if (!can_use(backend)) continue;
    const test::ScratchFolder scratch;
    const TrainOptions whole = all_that_varies(scratch / "whole"),
                       broken = all_that_varies(scratch / "broken");
    train(whole, backend);
    for (const int64_t at : {1, 3, 5}) train(broken, backend, at);
    train(broken, backend);
    CHECK(checkpoint(broken) == checkpoint(whole));
  }
}

TEST_CASE("a CPU's checkpoint continues on a GPU, and a GPU's on a CPU") {
  if (!can_use(kExact)) return;
  const test::ScratchFolder scratch;
  const TrainOptions cpu = all_that_varies(scratch / "cpu"), mixed = all_that_varies(scratch / "mixed");
  train(cpu, kHost);
  train(mixed, kHost, 3);
  const MemoryDataset dataset(6, 3);
  const auto backend = make_backend(kExact);
  {
    const Trainer resumed(dataset, mixed, *backend);
    CHECK(resumed.step() == 2);
    CHECK(test::contains(resumed.note(), "the checkpoint was made by "));
  }
  train(mixed, kExact, 5);
  train(mixed, kHost);
  CHECK(test::relative_distance(values(mixed), values(cpu)) < 1e-3);
}

TEST_CASE("GPU in bf16: the loss falls; what is not finite stops the run and is named") {
  if (!can_use(kFast)) return;
  const test::ScratchFolder scratch;
  const MemoryDataset dataset(2, 8);
  const auto backend = make_backend(kFast);
  TrainOptions options = small_options(scratch / "run");
  options.steps = 24;
  options.lr = 0.05;
  Trainer(dataset, options, *backend).run();
  double early = 0, late = 0;
  for (const Json& line : log_of(options.folder)) {
    if (!line.contains("loss")) continue;
    const int64_t step = line["step"];
    if (step <= 4) early += line["loss"].get<double>();
    if (step > 20) late += line["loss"].get<double>();
  }
  CHECK(late < 0.7 * early);

  TrainOptions bad = small_options(scratch / "bad");
  bad.lr = 3e38;
  const std::string text = test::error_of([&] { Trainer(dataset, bad, *backend).run(); });
  INFO(text);
  CHECK(test::contains(text, "step 0: "));
  CHECK(test::contains(text, "parameter '"));
}

TEST_CASE("GPU: a frozen network embeds as on the CPU") {
  if (!can_use(kExact)) return;
  const test::ScratchFolder scratch;
  const TrainOptions options = small_options(scratch / "run");
  train(options, kHost);
  const Tensor images({.n = 4, .c = 3, .h = kCropSize, .w = kCropSize});
  RandomStream random(1, "images");
  for (float& value : images.floats()) value = random.next_normal();
  const auto embedded = [&](const std::string& name) {
    const auto backend = make_backend(name);
    const auto network = load_network(options.folder / "model.safetensors", *backend);
    const View& rows = network->embed(images);
    return std::vector<float>(rows.f32(), rows.f32() + rows.shape.count());
  };
  const std::vector<float> expected = embedded(kHost);
  for (const auto& [name, tolerance] : {std::pair{kExact, 1e-4}, {kFast, 3e-2}})
    if (can_use(name)) CHECK(test::relative_distance(embedded(name), expected) < tolerance);
}
