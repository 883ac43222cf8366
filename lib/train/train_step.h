// One step of training, all of it on the backend's device: forward, loss, backward, update, and a watch on
// what must stay finite. On a GPU nothing waits: the step is captured and repeated, the next batch travels
// meanwhile, and the watch is read when somebody asks.
#pragma once
#include <cstdint>
#include <exception>
#include <optional>

#include "core/array.h"
#include "core/repeated_step.h"
#include "core/upload.h"
#include "data/loader.h"
#include "loss/loss.h"
#include "nn/network.h"
#include "train/kept_copy.h"
#include "train/sgd.h"

namespace fr {

// What a step makes that must be finite, in the order in which it is made; sums of squares but for the loss.
enum class Watched { kEmbeddings, kLoss, kHeadGradient, kBackboneGradient, kHead, kBackbone };
inline constexpr int kWatched = 6, kWatchedInSteps = 4;  // the parameters are watched by read() alone

// Of the steps since the last reading.
struct StepReport {
  int64_t steps = 0;
  double losses = 0;                  // their sum
  double last[kWatched] = {};         // of the last step
  std::optional<Watched> not_finite;  // the first such thing, and in which of the steps, from 0
  int64_t not_finite_step = 0;
};

// On the device: `now` is written by each step, the rest is what came of the steps since the last reading.
struct StepRecord {
  double now[kWatched];
  double losses;
  int64_t steps;
  int64_t bad_step;
  int32_t bad;  // a Watched, or -1
};

class TrainStep {
 public:
  // Everything must outlive this object; the loss steps its own parameters. `backend` is the network's and
  // the loss's. clip: see train/options.h.
  TrainStep(Backend& backend, Network& network, Loss& loss, Sgd& backbone_sgd, int64_t batch_size,
            double clip);
  // Trains on the loader's next batch at rate lr; `step` counts dropout's masks. Without `more`, no batch
  // after it is asked for. Returns the batch's epoch.
  int64_t run(Loader& loader, int64_t step, double lr, bool more);
  void forget() {  // after or before other work with the network, its parameters or the backend
    repeated_.forget();
    working_copy_.let_go();
  }
  // Waits for the steps so far.
  StepReport read();
  double busy_seconds() { return repeated_.busy_seconds(); }  // of the GPU since the last call; 0 on a CPU

 private:
  void enqueue();
  void fetch(Loader& loader);

  Network& network_;
  Loss& loss_;
  Sgd& backbone_sgd_;
  double clip_;
  Device device_;
  Tensor images_, d_embeddings_;  // images_ on a GPU only
  Array<int32_t> labels_;
  Array<StepRecord> record_;
  View batch_images_;  // of the step at hand, on the device
  const int32_t* batch_labels_ = nullptr;
  SumOfSquares embeddings_squares_, head_squares_, backbone_squares_;
  std::optional<Upload> upload_;  // on a GPU
  std::exception_ptr failed_;     // what the batch on its way threw
  int64_t epoch_ = 0;             // of the batch on its way
  bool fetched_ = false;
  KeptCopy working_copy_;
  RepeatedStep repeated_;
};

}  // namespace fr
