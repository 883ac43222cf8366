#include "train/trainer.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/array.h"
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

double squares_of(const Parameters& p, bool gradients) {
  const std::span<float> values = gradients ? p.gradients() : p.values();
  return sum_of_squares(view_of(values.data(), {.n = p.count()}, p.device()));
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
      d_embeddings_({options.batch_size, options.network_options.embedding_size}) {
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
  const std::string threads = fmt::to_string(thread_count());
  if (metadata["threads"] != threads)
    note_ = fmt::format("the checkpoint was made with {} threads, not {}", metadata["threads"], threads);
  else if (metadata["backend"] != backend_.name())
    note_ = fmt::format("the checkpoint was made by {}, not {}", metadata["backend"], backend_.name());
}

void Trainer::stop(const std::string& reason) const {
  const std::string left = saved_step_ > 0 ? fmt::format("the checkpoint of step {} stays", saved_step_)
                                           : std::string("there is no checkpoint yet");
  fail("step {}: {}; {} ({})", step_, reason, left, folder_.checkpoint().string());
}

void Trainer::check_finite(const char* what, const Parameters& parameters, bool gradients,
                           double squares) const {
  if (std::isfinite(squares)) return;
  stop(fmt::format("{} {}", what, first_not_finite(parameters, gradients).value_or("is not finite")));
}

// Of the step that the head has done by now.
double Trainer::head_gradient_squares() {
  const Array<double> square(1, backend_.device());
  loss_->gradient_squares(square.data());
  return square.on_host()[0];
}

// One step of training; returns the mean loss of the batch.
double Trainer::train_on(const Batch& batch) {
  Parameters& backbone = network_.parameters();
  Parameters& head = loss_->parameters();
  backbone.zero_gradients();

  const View& embeddings = network_.forward_train(batch.images, static_cast<uint64_t>(step_));
  if (!std::isfinite(sum_of_squares(embeddings))) stop("the embeddings are not finite");
  const double lr = learning_rate(schedule_, step_);
  loss_->set_rate(lr);
  loss_->set_step(step_);
  const double loss = loss_->forward_backward(embeddings, batch.labels, d_embeddings_);
  if (!std::isfinite(loss)) stop(fmt::format("the loss is {}", loss));
  network_.backward(d_embeddings_);

  const double backbone_squares = squares_of(backbone, true);
  const double head_squares = head_gradient_squares();
  if (!std::isfinite(head_squares)) stop("the head's gradient is not finite");
  check_finite("backbone gradient", backbone, true, backbone_squares);
  backbone_norm_ = std::sqrt(backbone_squares);
  head_norm_ = std::sqrt(head_squares);
  if (options_.clip > 0)
    clip(backend_.device(), backbone.count(), backbone.gradients().data(), &backbone_squares, options_.clip);

  backbone_sgd_.set_rate(lr);
  backbone_sgd_.step(false);
  check_finite("head parameter", head, false, squares_of(head, false));
  check_finite("backbone parameter", backbone, false, squares_of(backbone, false));
  return loss;
}

void Trainer::run() {
  TrainLog log(folder_.log(), step_);
  if (step_ == 0) log.write({{"step", 0}, {"run", configuration_}});
  const auto sampler = make_shuffling_sampler(dataset_.size(), options_.seed);
  Loader loader(dataset_, *sampler,
                {.batch_size = options_.batch_size,
                 .seed = options_.seed,
                 .flip = options_.flip,
                 .workers = options_.workers,
                 .first_batch = step_});
  std::optional<Progress> progress;
  if (options_.progress && step_ < steps_)
    progress.emplace("train", (steps_ - step_) * options_.batch_size, "images");
  const int64_t first = step_;
  Meter meter;
  std::string evaluated;
  while (step_ < steps_) {
    const auto begin = std::chrono::steady_clock::now();
    const double waited = loader.seconds_waited();
    const Batch& batch = loader.next();
    const double loss = train_on(batch);
    ++step_;
    meter.loss += loss;
    meter.overflowed += loss_->overflowed();
    meter.seconds += seconds_since(begin);
    meter.waited += loader.seconds_waited() - waited;
    ++meter.steps;
    const bool last = step_ == steps_;
    if (last || step_ % options_.log_every == 0) write_log(log, meter, batch.epoch);
    if (evaluation_ && options_.evaluate_every > 0 && (last || step_ % options_.evaluate_every == 0)) {
      evaluated.clear();
      for (const auto& [name, value] : evaluate(log)) evaluated += fmt::format(", {} {:.4f}", name, value);
    }
    if (last || step_ % options_.checkpoint_every == 0) save_checkpoint();
    if (progress)
      progress->update((step_ - first) * options_.batch_size,
                       fmt::format("step {}/{}, loss {:.3f}{}", step_, steps_, loss, evaluated));
  }
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
  log.write({{"step", step_},
             {"epoch", epoch},
             {"loss", meter.loss / steps},
             {"lr", learning_rate(schedule_, step_ - 1)},
             {"images_per_second", steps * static_cast<double>(options_.batch_size) / meter.seconds},
             {"seconds_waited", meter.waited},
             {"overflowed", meter.overflowed / steps},
             {"gradient_norm", {{"backbone", backbone_norm_}, {"head", head_norm_}}}});
  meter = {};
}

std::map<std::string, double> Trainer::evaluate(TrainLog& log) {
  auto measures = evaluation_(network_);
  log.write({{"step", step_}, {"evaluation", measures}});
  return measures;
}

void Trainer::save_checkpoint() {
  auto metadata = configuration_;
  metadata["step"] = fmt::to_string(step_);
  metadata["threads"] = fmt::to_string(thread_count());
  metadata["backend"] = backend_.name();
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
