// TrainOptions: everything that decides a training run, and its text form, by which a resume recognises its
// own checkpoint.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "loss/loss.h"
#include "nn/network.h"

namespace fr {

struct TrainOptions {
  std::string network = "iresnet18";
  // Embedding size and dropout; the seed is `seed`, the input size the data's.
  NetworkOptions network_options = {};
  LossOptions loss = {};  // embedding_size and classes are filled in from the network and the data

  int64_t batch_size = 128;
  int64_t steps = 0;  // 0: `epochs` decides
  double epochs = 20;
  uint64_t seed = 2048;  // of initial values, order, flips and dropout
  bool flip = true;

  double lr = 0.1;
  std::string schedule = "polynomial";  // or "step" (spec 3.1, 3.2)
  int64_t warmup = 0;                   // steps from 0 to lr, polynomial only
  double power = 1;                     // of the polynomial
  std::vector<int64_t> lr_steps = {};   // step schedule: lr / 10 at each; empty: at 5/8 and 7/8 of the run
  double momentum = 0.9, weight_decay = 5e-4;
  std::string sgd = "torch";  // or "mxnet": the form of the update
  double clip = 0;            // L2 norm over the backbone's gradients; 0: no clipping
  // Who decodes the data's JPEGs (image/jpeg_decoder.h): chosen by the caller, recorded here.
  std::string jpeg = "libjpeg";

  // What follows leaves the trained values as they are.
  std::filesystem::path folder = "run";
  bool fresh = false;              // start over: an earlier checkpoint and model in the folder are removed
  int workers = 1;                 // decoding threads
  int64_t checkpoint_every = 500;  // steps
  int64_t evaluate_every = 0;      // steps; 0: never
  int64_t log_every = 10;          // steps
  bool progress = true;
};

// Throws fr::Error with one line for the first value out of its range.
void check(const TrainOptions& options);

// Steps of the whole run on a data set of `images`.
int64_t total_steps(const TrainOptions& options, int64_t images);

// Where a step schedule divides the rate by 10.
std::vector<int64_t> step_boundaries(const TrainOptions& options, int64_t total);

// What two runs must share for one to continue the other: name -> value. The number of steps is part of it
// only where the learning rate depends on it, so that a finished step-schedule run can be given more steps.
std::map<std::string, std::string> configuration(const TrainOptions& options, const Dataset& dataset,
                                                 const Loss& loss, int64_t total);

}  // namespace fr
