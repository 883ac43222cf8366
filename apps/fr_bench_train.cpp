// fr-bench train NETWORK: a whole training step (forward, loss, backward, SGD) against the gemm rate of the
// same run, and where its time goes.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "../apps/fr_bench.h"
#include "core/error.h"
#include "core/parallel.h"
#include "loss/loss.h"
#include "nn/network.h"
#include "train/sgd.h"

namespace fr {
namespace {

struct TrainBenchOptions : BenchOptions {
  std::string network = "iresnet18";
  std::string loss = "arcface";
  int64_t batch = 16, classes = 1000, embedding_size = 512;
};

int run_train(const TrainBenchOptions& options) {
  FR_CHECK(options.batch > 1 && options.classes > 1, "batch {} and classes {}: two at least", options.batch,
           options.classes);
  const auto plain = start(options);
  TimedBackend backend(*plain);
  Network network(options.network, {.embedding_size = options.embedding_size}, backend);
  network.initialise(1);
  LossOptions loss_options;
  loss_options.name = options.loss;
  loss_options.embedding_size = options.embedding_size;
  loss_options.classes = options.classes;
  loss_options.sgd = SgdOptions{};
  const auto loss = make_loss(loss_options, backend);
  loss->initialise(1);
  Sgd sgd({}, network.parameters());
  sgd.set_rate(1e-3);
  loss->set_rate(1e-3);

  const Tensor images = random_images(options.batch);
  std::vector<int32_t> labels(static_cast<size_t>(options.batch));
  for (size_t i = 0; i < labels.size(); ++i)
    labels[i] = static_cast<int32_t>(i * 7919 % static_cast<size_t>(options.classes));
  const Tensor gradient({options.batch, options.embedding_size});
  int64_t steps = 0;
  double total = 0;  // seconds of all steps
  const auto step = [&] {
    const auto begin = std::chrono::steady_clock::now();
    const View& embeddings = network.forward_train(images, static_cast<uint64_t>(steps++));
    loss->forward_backward(embeddings, labels, gradient);
    network.backward(gradient);
    sgd.step();
    total += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };

  const Limits limits = measure_limits(*plain, options.seconds);
  step();  // plans, memory, primitives
  backend.reset();
  total = 0;
  // Backward costs twice forward: gradients of data and of weights; the head is three products as well.
  const double head = static_cast<double>(options.embedding_size * options.classes);
  const double work = 6 * (static_cast<double>(network.multiply_adds()) + head);
  const auto batch = static_cast<double>(options.batch);
  const BesideGemm measured = measure_beside_gemm(*plain, work * batch, std::max(options.seconds, 5.0), step);
  const double images_per_second = batch / measured.seconds;

  fmt::print("{}, {}, {} threads, batch {}\n", options.network, plain->name(), thread_count(), options.batch);
  fmt::print("gemm rate         {:9.1f} GFLOP/s\n", measured.gemm_flops / 1e9);
  fmt::print("copy rate         {:9.1f} GB/s\n", limits.bytes / 1e9);
  fmt::print("training step     {:9.1f} ms, median of {} in turn with gemm (least {:.1f})\n",
             measured.seconds * 1e3, measured.rounds, measured.least_seconds * 1e3);
  fmt::print("images            {:9.2f} /s\n", images_per_second);
  fmt::print("work              {:9.2f} GFLOP an image (forward and backward)\n", work / 1e9);
  fmt::print("rate              {:9.1f} GFLOP/s, {:.1f} % of gemm\n\n", work * images_per_second / 1e9,
             100 * measured.share);
  const Json operations = print_operations(backend, limits, total, steps - 1);
  write_report(options, {{"measurement", "train"},
                         {"network", options.network},
                         {"backend", plain->name()},
                         {"batch", options.batch},
                         {"classes", options.classes},
                         {"gemm_flops", measured.gemm_flops},
                         {"copy_bytes_per_second", limits.bytes},
                         {"seconds", measured.seconds},
                         {"least_seconds", measured.least_seconds},
                         {"rounds", measured.rounds},
                         {"images_per_second", images_per_second},
                         {"work_per_image", work},
                         {"of_gemm", measured.share},
                         {"operations", operations}});
  return 0;
}

}  // namespace

void add_train(Options& program) {
  static TrainBenchOptions options;
  Options& command =
      program.subcommand("train", "a whole training step of a network", "fr-bench train iresnet18 --batch 16",
                         [] { return run_train(options); });
  command.add("network", options.network, "network name")
      .add("--batch", options.batch, "images")
      .add("--loss", options.loss, "loss preset")
      .add("--classes", options.classes, "classes of the head")
      .add("--embedding-size", options.embedding_size, "embedding size");
  add_bench_options(command, options);
}

}  // namespace fr
