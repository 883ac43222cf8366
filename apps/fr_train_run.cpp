// What fr-train does once its options are known, and what it tells.
#include <fmt/core.h>

#include "core/device_memory.h"
#include "core/parallel.h"
#include "embed/vector_dataset.h"
#include "fr_train.h"
#include "image/jpeg_decoder.h"
#include "readers/readers.h"
#include "store/store.h"
#include "synth/synth.h"

namespace fr {

namespace {

std::string grouped(int64_t number) {
  std::string text = std::to_string(number);
  for (auto at = static_cast<int64_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<size_t>(at), ",");
  return text;
}

void announce(const Dataset& dataset, const Trainer& trainer, const TrainOptions& o, const Backend& backend) {
  const Network& network = trainer.network();
  const bool vectors = dataset.vector_size() > 0;
  fmt::print("data      {} ({} {}, {} identities)\n", dataset.describe(), grouped(dataset.size()),
             vectors ? "vectors" : "images", grouped(dataset.classes()));
  fmt::print("network   {}, embeddings of {} numbers, {} parameters, {} multiply-adds an image\n",
             network.name(), network.embedding_size(), grouped(network.graph().parameter_count()),
             grouped(network.multiply_adds()));
  fmt::print("loss      {}\n", trainer.loss().describe());
  fmt::print("training  {} steps of {} images, learning rate {} ({}), seed {}\n", grouped(trainer.steps()),
             o.batch_size, o.lr, o.schedule, o.seed);
  fmt::print("machine   backend {}, {} threads, {} decoding\n", backend.name(), thread_count(), o.workers);
  if (o.jpeg != "libjpeg") fmt::print("decoding  JPEGs by {}, not libjpeg\n", o.jpeg);
  if (trainer.step() > 0) fmt::print("resuming  after step {} of {}\n", trainer.step(), trainer.steps());
  if (!trainer.note().empty())
    fmt::print("note      {}: the last bits will differ from an uninterrupted run\n", trainer.note());
  std::fflush(stdout);
}

void point_on(const TrainCommand& command, const Trainer& trainer) {
  const std::string model = trainer.folder().model().string();
  fmt::print("model     {}\nlog       {}\n", model, trainer.folder().log().string());
  const std::string data = command.eval_data.empty() ? "DIR" : command.eval_data;
  if (!command.labels.empty())
    fmt::print("next      fr-eval iqiyi_vid --data DIR --embeddings {} --model {}\n", command.data, model);
  else if (command.eval_data.empty() && command.data.empty())
    fmt::print("next      fr-data synth --out synthetic && fr-eval lfw --data synthetic/lfw --model {}\n",
               model);
  else
    fmt::print("next      fr-eval lfw --data {}/lfw --model {}\n", data, model);
}

std::unique_ptr<Backend> choose_backend(const TrainCommand& c) {
  const Device device = parse_device(c.device);
  if (c.backend == "auto") return make_backend(c.device);
  auto backend = make_backend(c.backend);
  if (c.device != "auto" && backend->device() != device)
    throw UsageError(fmt::format("--backend {} does not compute on --device {}", c.backend, c.device));
  return backend;
}

}  // namespace

std::unique_ptr<Dataset> open_training_data(const TrainCommand& command) {
  if (!command.labels.empty()) {
    if (command.data.empty()) throw UsageError("--labels needs --data FILE, the embeddings they are of");
    return make_vector_dataset(command.labels, read_weighted_embeddings(command.data));
  }
  if (!command.data.empty()) return open_dataset(command.data);
  fmt::print(
      "No --data: training on the embedded synthetic faces (fr-data synth --out DIR writes them as "
      "files).\n");
  return make_synthetic_dataset({});
}

int train(const TrainCommand& command) {
  TrainOptions options = train_options(command);
  if (command.threads > 0) set_thread_count(static_cast<int>(command.threads));
  const auto backend = choose_backend(command);
  choose_jpeg_decoder(options.jpeg);
  const auto dataset = open_training_data(command);
  Evaluation evaluation;
  if (!command.eval_data.empty()) {
    evaluation = make_evaluation(command.eval_data, std::min<int64_t>(options.batch_size, 64));
    if (options.evaluate_every == 0)
      options.evaluate_every = std::max<int64_t>(1, total_steps(options, dataset->size()));
  } else if (options.evaluate_every > 0) {
    throw UsageError("--eval-every needs --eval-data");
  }
  Trainer trainer(*dataset, options, *backend);
  trainer.set_evaluation(std::move(evaluation));
  announce(*dataset, trainer, options, *backend);
  trainer.run();
  point_on(command, trainer);
  return 0;
}

}  // namespace fr
