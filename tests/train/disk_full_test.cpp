// A disk that fills while a run writes.
#include <doctest/doctest.h>

#include <optional>

#include "nn/checkpoint.h"
#include "support/file_size_limit.h"
#include "train/small_run.h"

using namespace fr;
using test::contains;
using test::error_of;
using test::FileSizeLimit;

TEST_CASE(
    "a disk that fills while a checkpoint is written: one line, the old checkpoint stays, nothing is lost") {
  const test::ScratchFolder scratch;
  const test::MemoryDataset dataset(2, 4);
  const auto backend = make_backend("cpu");
  auto options = test::small_options(scratch / "whole");
  Trainer(dataset, options, *backend).run();
  const std::string want = read_text(options.folder / "checkpoint.safetensors");

  options.folder = scratch / "run";
  std::string held;  // the checkpoint of step 2
  {
    options.evaluate_every = 3;
    Trainer trainer(dataset, options, *backend);
    std::optional<FileSizeLimit> full;
    trainer.set_evaluation([&](Network&) {
      held = read_text(options.folder / "checkpoint.safetensors");
      full.emplace(static_cast<rlim_t>(held.size() / 2));
      return std::map<std::string, double>{};
    });
    const std::string text = error_of([&] { trainer.run(); });
    full.reset();
    INFO(text);
    CHECK(contains(text, "checkpoint.safetensors: "));
    CHECK_FALSE(contains(text, "\n"));
    CHECK(trainer.step() == 4);
  }
  CHECK(Safetensors(options.folder / "checkpoint.safetensors").metadata().at("step") == "2");
  CHECK(read_text(options.folder / "checkpoint.safetensors") == held);
  for (const auto& entry : std::filesystem::directory_iterator(options.folder))
    CHECK(entry.path().extension() != ".tmp");

  options.evaluate_every = 0;
  Trainer(dataset, options, *backend).run();
  CHECK(read_text(options.folder / "checkpoint.safetensors") == want);
}
