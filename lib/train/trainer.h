// Trainer: the loop. Loader -> Network -> Loss -> SGD, with checkpoints, a log, and an evaluation hook. A run
// that is killed at any moment and resumed ends with the bits of one that was not (same thread count).
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "backend/backend.h"
#include "data/dataset.h"
#include "data/loader.h"
#include "loss/loss.h"
#include "nn/network.h"
#include "train/log.h"
#include "train/options.h"
#include "train/run_folder.h"
#include "train/schedule.h"
#include "train/sgd.h"
#include "train/state.h"
#include "train/train_step.h"

namespace fr {

// Measures of the network as it is: {"lfw": 0.97, …}. Must leave its parameters alone.
using Evaluation = std::function<std::map<std::string, double>(Network&)>;

class Trainer {
 public:
  // Builds or resumes: where options.folder holds a checkpoint of the same configuration the run continues
  // after it (unless options.fresh). Throws fr::Error for options out of range, a folder in use, or a
  // checkpoint of another run. `dataset` and `backend` must outlive this object.
  Trainer(const Dataset& dataset, const TrainOptions& options, Backend& backend);

  void set_evaluation(Evaluation evaluation) { evaluation_ = std::move(evaluation); }

  // Trains to the last step and writes the model; once. Throws fr::Error at the step where the loss, a
  // gradient or a parameter is not finite, naming it; the last checkpoint stays.
  void run();

  int64_t step() const { return step_; }  // steps done so far
  int64_t steps() const { return steps_; }
  // What does not forbid a resume but its bit-identity: "the checkpoint was made with 4 threads, not 2". May
  // be empty.
  const std::string& note() const { return note_; }
  Network& network() { return network_; }
  const Network& network() const { return network_; }
  const Loss& loss() const { return *loss_; }
  const RunFolder& folder() const { return folder_; }

 private:
  struct Meter {  // since the last log line
    double loss = 0, last_loss = 0, seconds = 0, waited = 0, overflowed = 0;
    int64_t steps = 0;
  };
  TrainState state();
  void resume();
  void settle(Meter& meter);
  std::string culprit(Watched what) const;
  [[noreturn]] void stop(int64_t step, const std::string& reason) const;
  void write_log(TrainLog& log, Meter& meter, int64_t epoch);
  void warn_of_overflow(double share);
  std::map<std::string, double> evaluate(TrainLog& log);
  void save_checkpoint();
  void save_model() const;

  const Dataset& dataset_;
  TrainOptions options_;
  Backend& backend_;
  Network network_;
  std::unique_ptr<Loss> loss_;
  int64_t steps_;
  Schedule schedule_;
  Sgd backbone_sgd_;  // the head steps itself
  std::map<std::string, std::string> configuration_;
  RunFolder folder_;
  Evaluation evaluation_;
  std::unique_ptr<Sampler> sampler_;
  std::optional<Loader> loader_;  // outlives the copies that train_step_ has under way
  TrainStep train_step_;
  int64_t step_ = 0, saved_step_ = 0;
  double backbone_norm_ = 0, head_norm_ = 0;  // L2 norms of the last gradients, before clipping
  std::string note_;
  bool warned_ = false;  // of targets beyond pi
  size_t chosen_ = 0;    // algorithms of the backend that the log tells of
};

}  // namespace fr
