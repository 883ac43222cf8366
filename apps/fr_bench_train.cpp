// fr-bench train NETWORK: a whole training step (forward, loss, backward, SGD) against the gemm rate of the
// same run, and where its time goes.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "../apps/fr_bench.h"
#include "core/array.h"
#include "core/error.h"
#include "core/parallel.h"
#include "core/repeated_step.h"
#include "loss/loss.h"
#include "nn/network.h"
#include "train/kept_copy.h"
#include "train/sgd.h"

namespace fr {
namespace {

struct TrainBenchOptions : BenchOptions {
  std::string network = "iresnet18";
  std::string loss = "arcface";
  int64_t batch = 16, classes = 1000, embedding_size = 512;
};

// A network, a head and a batch, and a step of training on them: TrainStep without its watch on what must
// stay finite.
class Rig {
 public:
  Rig(const TrainBenchOptions& options, TimedBackend& backend)
      : backend_(backend),
        head_work_(work_of_head(loss_options(options))),
        network_(options.network, {.embedding_size = options.embedding_size}, backend),
        loss_(make_loss(loss_options(options), backend)),
        sgd_({}, network_.parameters()),
        images_(on(backend.device(), random_images(options.batch))),
        gradient_({options.batch, options.embedding_size}, {}, DType::kF32, backend.device()),
        labels_(options.batch, backend.device()),
        mean_loss_(1, backend.device()),
        working_copy_(backend, sgd_, network_.parameters()),
        repeated_(backend.device(), [this] { step(); }) {
    network_.initialise(1);
    loss_->initialise(1);
    working_copy_.hold();
    sgd_.set_rate(1e-3);
    loss_->set_rate(1e-3);
    std::vector<int32_t> labels(static_cast<size_t>(options.batch));
    for (size_t i = 0; i < labels.size(); ++i)
      labels[i] = static_cast<int32_t>(i * 7919 % static_cast<size_t>(options.classes));
    copy_bytes(backend.device(), labels_.data(), Device::kCpu, labels.data(), labels_.bytes());
  }

  const Network& network() const { return network_; }
  void step() {
    const View& embeddings = network_.forward_train(images_);
    backend_.timed("head besides products", head_work_,
                   [&] { loss_->enqueue(embeddings, labels_.data(), gradient_, mean_loss_.data()); });
    network_.backward(gradient_);
    backend_.timed("sgd", sgd_work(), [&] { sgd_.step(); });
  }
  void repeat() { repeated_.run(); }  // on a GPU the captured step

 private:
  // Weights and momentum are read and written, gradients read and cleared, the copy for products written.
  Work sgd_work() const {
    const double bytes = 6 * sizeof(float) + (backend_.activations() == DType::kBf16 ? sizeof(Bf16) : 0);
    return {.flops = 0, .bytes = bytes * static_cast<double>(network_.parameters().count())};
  }
  static LossOptions loss_options(const TrainBenchOptions& options) {
    LossOptions loss;
    loss.name = options.loss;
    loss.embedding_size = options.embedding_size;
    loss.classes = options.classes;
    loss.sgd = SgdOptions{};
    return loss;
  }
  TimedBackend& backend_;
  Work head_work_;
  Network network_;
  std::unique_ptr<Loss> loss_;
  Sgd sgd_;
  Tensor images_, gradient_;
  Array<int32_t> labels_;
  Array<double> mean_loss_;
  KeptCopy working_copy_;
  RepeatedStep repeated_;
};

int run_train(const TrainBenchOptions& options) {
  FR_CHECK(options.batch > 1 && options.classes > 1, "batch {} and classes {}: two at least", options.batch,
           options.classes);
  const auto plain = start(options);
  const Limits limits = measure_limits(*plain, options.seconds);
  const auto batch = static_cast<double>(options.batch);
  TimedBackend backend(*plain);
  backend.keep_time(false);
  Rig rig(options, backend);
  // Backward costs twice forward: gradients of data and of weights; the head is three products as well.
  const double head = static_cast<double>(options.embedding_size * options.classes);
  const double work = 6 * (static_cast<double>(rig.network().multiply_adds()) + head);  // of one image
  const auto step = waited(*plain, [&] { rig.repeat(); });
  for (int warm = 0; warm < 2; ++warm) step();  // plans, memory, primitives; the captured step
  const BesideGemm measured = measure_beside_gemm(*plain, work * batch, std::max(options.seconds, 5.0), step);
  const double images_per_second = batch / measured.seconds;

  // Then for the operations, each timed by itself.
  constexpr int64_t kTimedSteps = 3;
  const double total = time_operations(backend, kTimedSteps, [&] { rig.step(); });

  fmt::print("{}, {}, {} threads, batch {}\n", options.network, plain->name(), thread_count(), options.batch);
  fmt::print("gemm rate         {:9.1f} GFLOP/s\n", measured.gemm_flops / 1e9);
  fmt::print("copy rate         {:9.1f} GB/s\n", limits.bytes / 1e9);
  fmt::print("training step     {:9.1f} ms, median of {} in turn with gemm (least {:.1f})\n",
             measured.seconds * 1e3, measured.rounds, measured.least_seconds * 1e3);
  fmt::print("images            {:9.2f} /s\n", images_per_second);
  fmt::print("work              {:9.2f} GFLOP an image (forward and backward)\n", work / 1e9);
  fmt::print("rate              {:9.1f} GFLOP/s, {:.1f} % of gemm\n\n", work * images_per_second / 1e9,
             100 * measured.share);
  const Json operations = print_operations(backend, limits, total, kTimedSteps);
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
