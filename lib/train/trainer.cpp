#include "train/trainer.h"

#include <fmt/format.h>

#include <cassert>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/error.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "nn/checkpoint.h"
#include "train/finite.h"

namespace fr {

namespace {

NetworkOptions network_options(const TrainOptions& options, const Dataset& dataset) {
  NetworkOptions network = options.network_options;
  network.seed = options.seed;
  if (dataset.vector_size() > 0) network.input_size = dataset.vector_size();
  return network;
}

const TrainOptions& checked(const TrainOptions& options, const Dataset& dataset) {
  check(options);
  const auto build = Registry<NetworkKind>::instance().find(options.network);
  const Shape wanted = build(network_options(options, dataset)).node(0).shape;
  FR_CHECK(wanted == dataset.input_shape(), "network {} reads items of shape {}, but the data have {}: {}",
           options.network, wanted.text(), dataset.input_shape().text(), dataset.describe());
  FR_CHECK(dataset.size() >= options.batch_size, "{}: fewer images than one batch of {}", dataset.describe(),
           options.batch_size);
  return options;
}

SgdOptions sgd_options(const TrainOptions& o) {
  return {.form = sgd_form(o.sgd), .momentum = o.momentum, .weight_decay = o.weight_decay};
}

LossOptions loss_options(const TrainOptions& options, const Dataset& dataset) {
  LossOptions loss = options.loss;
  loss.embedding_size = options.network_options.embedding_size;
  loss.classes = dataset.classes();
  loss.seed = options.seed;
  loss.sgd = sgd_options(options);
  return loss;
}

Schedule make_schedule(const TrainOptions& o, int64_t total) {
  if (o.schedule == "step") return StepSchedule{.base = o.lr, .steps = step_boundaries(o, total)};
  return PolynomialSchedule{.base = o.lr, .warmup = o.warmup, .total = total, .power = o.power};
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

Trainer::Trainer(const Dataset& dataset, const TrainOptions& options, Backend& backend)
    : dataset_(dataset),
      options_(checked(options, dataset)),
      backend_(backend),
      network_(options.network, network_options(options, dataset), backend),
      loss_(make_loss(loss_options(options, dataset), backend)),
      steps_(total_steps(options, dataset.size())),
      schedule_(make_schedule(options, steps_)),
      backbone_sgd_(sgd_options(options), network_.parameters()),
      configuration_(configuration(options, dataset, *loss_, steps_)),
      folder_(options.folder),
      train_step_(backend_, network_, *loss_, backbone_sgd_, options.batch_size, options.clip) {
  if (!options.fresh && std::filesystem::exists(folder_.checkpoint())) {
    resume();
  } else {
    std::filesystem::remove(folder_.checkpoint());
    std::filesystem::remove(folder_.model());
    network_.initialise(options.seed);
    loss_->initialise(options.seed);
  }
}

TrainState Trainer::state() {
  return {network_.parameters(), loss_->parameters(), backbone_sgd_.momentum(), loss_->momentum()};
}

void Trainer::resume() {
  const std::string path = folder_.checkpoint().string();
  auto metadata = load_state(folder_.checkpoint(), state(), configuration_);
  step_ = saved_step_ = parse_int(metadata["step"], path + ": step");
  FR_CHECK(step_ <= steps_, "{}: holds step {}, beyond the {} asked for", path, step_, steps_);
  if (metadata["backend"] == backend_.name()) {
    std::vector<std::string> lines;
    for_each_line(metadata["implementations"],
                  [&](std::string_view line, int64_t) { lines.emplace_back(line); });
    backend_.recall(lines);
  }
  const std::string threads = fmt::to_string(thread_count());
  if (metadata["threads"] != threads && backend_.device() == Device::kCpu)
    note_ = fmt::format("the checkpoint was made with {} threads, not {}", metadata["threads"], threads);
  else if (metadata["backend"] != backend_.name())
    note_ = fmt::format("the checkpoint was made by {}, not {}", metadata["backend"], backend_.name());
}

void Trainer::stop(int64_t step, const std::string& reason) const {
  const std::string left = saved_step_ > 0 ? fmt::format("the checkpoint of step {} stays", saved_step_)
                                           : std::string("there is no checkpoint yet");
  fail("step {}: {}; {} ({})", step, reason, left, folder_.checkpoint().string());
}

std::string Trainer::culprit(Watched what) const {
  const auto name = [](const char* kind, const Parameters& parameters, bool gradients) {
    return fmt::format("{} {}", kind, first_not_finite(parameters, gradients).value_or("is not finite"));
  };
  switch (what) {
    case Watched::kEmbeddings:
      return "the embeddings are not finite";
    case Watched::kLoss:
      return "the loss is not finite";
    case Watched::kHeadGradient:
      return "the head's gradient is not finite";
    case Watched::kBackboneGradient:
      return name("backbone gradient", network_.parameters(), true);
    case Watched::kHead:
      return name("head parameter", loss_->parameters(), false);
    case Watched::kBackbone:
      return name("backbone parameter", network_.parameters(), false);
  }
  return "?";
}

// Reads what came of the steps that are not in the meter yet.
void Trainer::settle(Meter& meter) {
  const StepReport report = train_step_.read();
  if (report.not_finite) stop(step_ - report.steps + report.not_finite_step, culprit(*report.not_finite));
  meter.loss += report.losses;
  meter.last_loss = report.last[static_cast<int>(Watched::kLoss)];
  meter.overflowed += loss_->overflowed() * static_cast<double>(report.steps);
  backbone_norm_ = std::sqrt(report.last[static_cast<int>(Watched::kBackboneGradient)]);
  head_norm_ = std::sqrt(report.last[static_cast<int>(Watched::kHeadGradient)]);
}

void Trainer::run() {
  TrainLog log(folder_.log(), step_);
  if (step_ == 0) log.write({{"step", 0}, {"run", configuration_}});
  assert(!loader_);
  sampler_ = make_shuffling_sampler(dataset_.size(), options_.seed);
  Loader& loader = loader_.emplace(dataset_, *sampler_,
                                   LoaderOptions{.batch_size = options_.batch_size,
                                                 .seed = options_.seed,
                                                 .flip = options_.flip,
                                                 .workers = options_.workers,
                                                 .first_batch = step_,
                                                 .reader = backend_.device()});
  std::optional<Progress> progress;
  if (options_.progress && step_ < steps_)
    progress.emplace("train", (steps_ - step_) * options_.batch_size, "images");
  const int64_t first = step_;
  Meter meter;
  std::string evaluated;
  while (step_ < steps_) {
    const auto begin = std::chrono::steady_clock::now();
    const double waited = loader.seconds_waited();
    const bool last = step_ + 1 == steps_;
    const int64_t epoch = train_step_.run(loader, step_, learning_rate(schedule_, step_), !last);
    ++step_;
    ++meter.steps;
    const auto due = [&](int64_t every) { return last || step_ % every == 0; };
    const bool evaluating = evaluation_ && options_.evaluate_every > 0 && due(options_.evaluate_every);
    // A GPU is asked how it went only where the answer is used: asking waits for it.
    if (backend_.device() == Device::kCpu || due(options_.log_every) || evaluating ||
        due(options_.checkpoint_every))
      settle(meter);
    meter.seconds += seconds_since(begin);
    meter.waited += loader.seconds_waited() - waited;
    const double loss = meter.last_loss;
    if (due(options_.log_every)) write_log(log, meter, epoch);
    if (evaluating) {
      evaluated.clear();
      for (const auto& [name, value] : evaluate(log)) evaluated += fmt::format(", {} {:.4f}", name, value);
    }
    if (due(options_.checkpoint_every)) save_checkpoint();
    if (progress)
      progress->update((step_ - first) * options_.batch_size,
                       fmt::format("step {}/{}, loss {:.3f}{}", step_, steps_, loss, evaluated));
  }
  loader_.reset();
  save_model();
}

// Wrapped margins have a minimum where every embedding is opposite to its own class.
void Trainer::warn_of_overflow(double share) {
  if (share < 0.5 || warned_) return;
  warned_ = true;
  fmt::print(stderr,
             "\nstep {}: {:.0f} % of the targets lie beyond pi, where the margin rewards turning away: the "
             "embeddings "
             "collapse. Try --warmup, a lower --lr or --scale, or --overflow mm_fallback.\n",
             step_, 100 * share);
}

void Trainer::write_log(TrainLog& log, Meter& meter, int64_t epoch) {
  const auto steps = static_cast<double>(meter.steps);
  warn_of_overflow(meter.overflowed / steps);
  nlohmann::json line{{"step", step_},
                      {"epoch", epoch},
                      {"loss", meter.loss / steps},
                      {"lr", learning_rate(schedule_, step_ - 1)},
                      {"images_per_second", steps * static_cast<double>(options_.batch_size) / meter.seconds},
                      {"seconds_waited", meter.waited},
                      {"overflowed", meter.overflowed / steps},
                      {"gradient_norm", {{"backbone", backbone_norm_}, {"head", head_norm_}}}};
  if (backend_.device() == Device::kCuda) {
    line["gpu_utilisation"] = train_step_.busy_seconds() / meter.seconds;
    const std::vector<std::string> chosen = backend_.implementations();
    if (chosen.size() != std::exchange(chosen_, chosen.size())) line["implementations"] = chosen;
  }
  log.write(line);
  meter = {};
}

std::map<std::string, double> Trainer::evaluate(TrainLog& log) {
  auto measures = evaluation_(network_);
  train_step_.forget();
  log.write({{"step", step_}, {"evaluation", measures}});
  return measures;
}

void Trainer::save_checkpoint() {
  auto metadata = configuration_;
  metadata["step"] = fmt::to_string(step_);
  metadata["threads"] = fmt::to_string(thread_count());
  metadata["backend"] = backend_.name();
  if (backend_.device() == Device::kCuda)
    metadata["implementations"] = fmt::format("{}", fmt::join(backend_.implementations(), "\n"));
  save_state(folder_.checkpoint(), state(), metadata);
  saved_step_ = step_;
}

void Trainer::save_model() const {
  auto metadata = configuration_;
  metadata["step"] = fmt::to_string(step_);
  std::vector<StoredTensor> tensors = stored(network_.parameters(), "backbone.");
  // A network of vectors serves as a classifier (embed/classifier.h), so its head belongs to it.
  if (dataset_.vector_size() > 0) {
    for (StoredTensor& tensor : stored(loss_->parameters(), "head.")) tensors.push_back(std::move(tensor));
    metadata["logit_scale"] = fmt::to_string(loss_->logit_scale());
    std::string& names = metadata["class_names"];
    for (int32_t label = 0; label < dataset_.classes(); ++label)
      names += (label > 0 ? " " : "") + dataset_.class_name(label);
  }
  write_safetensors(folder_.model(), tensors, metadata);
}

}  // namespace fr
