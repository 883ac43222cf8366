// fr-train's command line and the parts of its work.
#pragma once
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "options.h"
#include "train/trainer.h"

namespace fr {

struct TrainCommand {
  TrainOptions train;  // its defaults are those of the command line
  std::string data;    // empty: the embedded synthetic set; with labels, embedding files
  std::vector<std::string> labels;
  std::string eval_data;
  std::string gradient = "exact", overflow = "wrap", sample_momentum = "dense";
  std::vector<double> lr_steps;
  std::string out;  // empty: runs/NETWORK-LOSS
  std::string backend = "auto", device = "auto";
  int64_t threads = 0;  // 0: all
  int64_t workers = 0;  // 0: one for every two processors
  double dropout = 0;
};

void add_options(Options& options, TrainCommand& command);

// The command as the trainer wants it. Throws fr::Error or UsageError for values that make no sense.
TrainOptions train_options(const TrainCommand& command);

// --data with --labels: vectors. --data: images. Without it the synthetic set, which is announced.
std::unique_ptr<Dataset> open_training_data(const TrainCommand& command);

// Accuracy on every verification pack (NAME.bin) below `folder`. Throws fr::Error when there is none.
Evaluation make_evaluation(const std::string& folder, int64_t batch_size);

int train(const TrainCommand& command);

}  // namespace fr
