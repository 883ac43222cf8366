// A training run small enough for tests: iresnet_tiny, a handful of images, a handful of steps.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "core/files.h"
#include "data/memory_dataset.h"
#include "support/support.h"
#include "train/trainer.h"

namespace fr::test {

inline TrainOptions small_options(const std::filesystem::path& folder) {
  TrainOptions options;
  options.network = "iresnet_tiny";
  options.network_options.embedding_size = 8;
  options.batch_size = 4;
  options.steps = 6;
  options.lr = 0.02;
  options.loss.name = "arcface";
  options.loss.scale = 16;
  options.loss.m2 = 0.2;
  options.folder = folder;
  options.checkpoint_every = 2;
  options.log_every = 1;
  options.progress = false;
  return options;
}

}  // namespace fr::test
