#include "train/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace fr {

void check(const TrainOptions& o) {
  FR_CHECK(o.batch_size > 1, "batch size {}: batch normalisation needs at least 2 images", o.batch_size);
  FR_CHECK(o.steps > 0 || (o.steps == 0 && o.epochs > 0), "{} steps, {} epochs: one must be positive",
           o.steps, o.epochs);
  FR_CHECK(std::isfinite(o.lr) && o.lr > 0, "learning rate {}: must be positive", o.lr);
  FR_CHECK(o.schedule == "polynomial" || o.schedule == "step",
           "unknown schedule '{}' (known: polynomial step)", o.schedule);
  FR_CHECK(o.sgd == "torch" || o.sgd == "mxnet", "unknown SGD form '{}' (known: torch mxnet)", o.sgd);
  FR_CHECK(o.warmup >= 0, "warm-up of {} steps: must not be negative", o.warmup);
  FR_CHECK(o.power > 0, "power {}: must be positive", o.power);
  FR_CHECK(o.momentum >= 0 && o.momentum < 1, "momentum {}: must be in [0, 1)", o.momentum);
  FR_CHECK(o.weight_decay >= 0, "weight decay {}: must not be negative", o.weight_decay);
  FR_CHECK(o.clip >= 0, "gradient clip {}: must not be negative", o.clip);
  FR_CHECK(o.network_options.embedding_size > 0, "embedding size {}: must be positive",
           o.network_options.embedding_size);
  FR_CHECK(o.network_options.dropout >= 0 && o.network_options.dropout < 1, "dropout {}: must be in [0, 1)",
           o.network_options.dropout);
  FR_CHECK(o.checkpoint_every > 0, "a checkpoint every {} steps: must be positive", o.checkpoint_every);
  FR_CHECK(o.evaluate_every >= 0, "evaluation every {} steps: must not be negative", o.evaluate_every);
  FR_CHECK(o.log_every > 0, "a log line every {} steps: must be positive", o.log_every);
}

int64_t total_steps(const TrainOptions& options, int64_t images) {
  if (options.steps > 0) return options.steps;
  const int64_t steps_per_epoch = images / options.batch_size;
  return std::max<int64_t>(1, std::llround(options.epochs * static_cast<double>(steps_per_epoch)));
}

std::vector<int64_t> step_boundaries(const TrainOptions& options, int64_t total) {
  if (!options.lr_steps.empty()) return options.lr_steps;
  return {total * 5 / 8, total * 7 / 8};  // the paper's 20 K and 28 K of 32 K (spec 3.3)
}

std::map<std::string, std::string> configuration(const TrainOptions& o, const Dataset& dataset,
                                                 const Loss& loss, int64_t total) {
  std::map<std::string, std::string> text = {
      {"network", o.network},
      {"embedding_size", fmt::to_string(o.network_options.embedding_size)},
      {"dropout", fmt::to_string(o.network_options.dropout)},
      {"loss", o.loss.name},
      {"loss_detail", loss.describe()},
      {"filter", fmt::to_string(o.loss.filter)},
      {"dataset", dataset.content_hash() + (o.jpeg == "libjpeg" ? "" : ", JPEGs by " + o.jpeg)},
      {"classes", fmt::to_string(dataset.classes())},
      {"batch_size", fmt::to_string(o.batch_size)},
      {"seed", fmt::to_string(o.seed)},
      {"flip", o.flip ? "true" : "false"},
      {"lr", fmt::to_string(o.lr)},
      {"schedule", o.schedule},
      {"momentum", fmt::to_string(o.momentum)},
      {"weight_decay", fmt::to_string(o.weight_decay)},
      {"sgd", o.sgd},
      {"clip", fmt::to_string(o.clip)},
  };
  if (o.loss.sample < 1) {
    text["sample"] = fmt::to_string(o.loss.sample);
    text["sample_momentum"] = o.loss.sampled_momentum == SampledMomentum::kDense ? "dense" : "sampled";
  }
  if (dataset.vector_size() > 0) text["input_size"] = fmt::to_string(dataset.vector_size());
  if (o.schedule == "polynomial") {
    text["steps"] = fmt::to_string(total);
    text["warmup"] = fmt::to_string(o.warmup);
    text["power"] = fmt::to_string(o.power);
  } else {
    text["lr_steps"] = fmt::format("{}", fmt::join(step_boundaries(o, total), " "));
  }
  return text;
}

}  // namespace fr
