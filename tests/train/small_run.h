// A training run small enough for tests: iresnet_tiny, a handful of images, a handful of steps.
#pragma once
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/files.h"
#include "core/json.h"
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

inline std::vector<Json> log_of(const std::filesystem::path& folder) {
  std::vector<Json> lines;
  for_each_line(read_text(folder / "log.jsonl"),
                [&](std::string_view line, int64_t) { lines.push_back(Json::parse(line)); });
  return lines;
}

}  // namespace fr::test
