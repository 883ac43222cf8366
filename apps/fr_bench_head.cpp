// fr-bench head: one pass (forward and backward, with --sgd the step as well) of the streamed softmax head
// against the gemm rate of the same run, where its time goes, and its memory.
#include <fmt/core.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "../apps/fr_bench.h"
#include "core/array.h"
#include "core/device_memory.h"
#include "core/error.h"
#include "core/parallel.h"
#include "core/peak_memory.h"
#include "core/random.h"
#include "core/repeated_step.h"
#include "loss/loss.h"

namespace fr {
namespace {

struct HeadBenchOptions : BenchOptions {
  std::string loss = "arcface";
  int64_t batch = 512, classes = 100'000, embedding_size = 512, tile = 0;
  double sample = 1;
  bool sgd = false;
};

// A head and a batch of random embeddings, and a pass over them.
class HeadRig {
 public:
  HeadRig(const LossOptions& options, int64_t batch, TimedBackend& backend)
      : backend_(backend),
        work_(work_of_head(options)),
        device_(backend.device()),
        loss_(make_loss(options, backend)),
        embeddings_({batch, options.embedding_size}, {}, DType::kF32, device_),
        gradient_(embeddings_.shape(), {}, DType::kF32, device_),
        labels_(batch, device_),
        mean_loss_(1, device_),
        repeated_(device_, [this] { enqueue(); }) {
    loss_->initialise(1);
    loss_->set_rate(1e-3);
    const Tensor random(embeddings_.shape());
    RandomStream stream(1, "embeddings");
    for (float& value : random.floats()) value = stream.next_normal();
    std::vector<int32_t> labels(static_cast<size_t>(batch));
    for (int32_t& label : labels)
      label = static_cast<int32_t>(stream.next_below(static_cast<uint64_t>(options.classes)));
    copy(random, embeddings_);
    copy_bytes(device_, labels_.data(), Device::kCpu, labels.data(), labels_.bytes());
  }
  void repeat() {  // on a GPU the captured pass
    loss_->set_step(passes_++);
    repeated_.run();
  }
  void pass() {
    loss_->set_step(passes_++);
    enqueue();
  }
  int64_t parameters() const { return loss_->parameters().count(); }

 private:
  void enqueue() {
    backend_.timed("head besides products", work_,
                   [&] { loss_->enqueue(embeddings_, labels_.data(), gradient_, mean_loss_.data()); });
  }
  TimedBackend& backend_;
  Work work_;
  Device device_;
  std::unique_ptr<Loss> loss_;
  Tensor embeddings_, gradient_;
  Array<int32_t> labels_;
  Array<double> mean_loss_;
  RepeatedStep repeated_;
  int64_t passes_ = 0;
};

int run_head(const HeadBenchOptions& options) {
  FR_CHECK(options.batch > 0 && options.classes > 0 && options.embedding_size > 0,
           "batch {}, classes {}, embedding size {}: one at least", options.batch, options.classes,
           options.embedding_size);
  const auto plain = start(options);
  TimedBackend backend(*plain);
  backend.keep_time(false);
  LossOptions head;
  head.name = options.loss;
  head.embedding_size = options.embedding_size;
  head.classes = options.classes;
  head.tile = options.tile;
  head.sample = options.sample;
  if (options.sgd) head.sgd = SgdOptions{};
  const Device device = plain->device();
  const int64_t free_before = free_bytes(device);
  auto rig = std::make_unique<HeadRig>(head, options.batch, backend);
  const auto pass = waited(*plain, [&] { rig->repeat(); });
  pass();
  const double seconds = seconds_per_call(options.seconds, pass);
  // Before the gemm measurement, whose memory is not meant.
  const int64_t device_used = free_before - free_bytes(device), peak = peak_memory();

  // Then for the operations, each timed by itself.
  constexpr int64_t kTimedPasses = 2;
  const double total = time_operations(backend, kTimedPasses, [&] { rig->pass(); });
  const int64_t held = 2 * rig->parameters() * size_of(DType::kF32);
  rig.reset();  // its memory is for the next measurement
  const Limits limits = measure_limits(*plain, options.seconds);
  const double rate = limits.flops;
  const double columns = options.sample * static_cast<double>(options.classes);
  const double product =
      2 * static_cast<double>(options.batch) * columns * static_cast<double>(options.embedding_size);
  // Logits, embedding gradient, class gradient; executed: the logits once more in backward.
  const double necessary = 3 * product / seconds / rate;
  const double executed = 4 * product / seconds / rate;

  const int64_t tile = options.tile > 0 ? options.tile : default_tile(plain->device());
  fmt::print("{}, {}, {} threads, batch {}, {} classes, embedding size {}, tile {}\n", options.loss,
             plain->name(), thread_count(), options.batch, options.classes, options.embedding_size, tile);
  if (options.sample < 1) fmt::print("sample rate             {:9.3f}\n", options.sample);
  fmt::print("gemm rate               {:9.1f} GFLOP/s\n", rate / 1e9);
  fmt::print("{:<23} {:9.1f} ms\n", options.sgd ? "forward, backward, step" : "forward and backward",
             seconds * 1e3);
  fmt::print("executed products       {:9.1f} % of gemm (4 of batch x classes x embedding size)\n",
             100 * executed);
  fmt::print("necessary products      {:9.1f} % of gemm (3)\n", 100 * necessary);
  fmt::print("weights and {:<11} {:9.1f} MB\n", options.sgd ? "momentum" : "gradients",
             static_cast<double>(held) / 1e6);
  fmt::print("peak memory             {:9.1f} MB, {:.1f} MB more\n", static_cast<double>(peak) / 1e6,
             static_cast<double>(peak - held) / 1e6);
  if (plain->device() == Device::kCuda)
    fmt::print("memory of the GPU       {:9.1f} MB\n", static_cast<double>(device_used) / 1e6);
  fmt::print("\n");
  const Json operations = print_operations(backend, limits, total, kTimedPasses);
  write_report(options, {{"measurement", "head"},
                         {"loss", options.loss},
                         {"backend", plain->name()},
                         {"batch", options.batch},
                         {"classes", options.classes},
                         {"embedding_size", options.embedding_size},
                         {"tile", tile},
                         {"sample", options.sample},
                         {"sgd", options.sgd},
                         {"gemm_flops", rate},
                         {"copy_bytes_per_second", limits.bytes},
                         {"seconds", seconds},
                         {"executed_of_gemm", executed},
                         {"necessary_of_gemm", necessary},
                         {"parameter_bytes", held},
                         {"device_bytes", device_used},
                         {"peak_bytes", peak},
                         {"operations", operations}});
  return 0;
}

}  // namespace

void add_head(Options& program) {
  static HeadBenchOptions options;
  Options& command = program.subcommand("head", "a pass of the softmax head, and its memory",
                                        "fr-bench head --classes 1000000", [] { return run_head(options); });
  command.add("--batch", options.batch, "embeddings")
      .add("--classes", options.classes, "classes of the head")
      .add("--embedding-size", options.embedding_size, "embedding size")
      .add("--loss", options.loss, "loss preset")
      .add("--tile", options.tile, "classes whose logits exist at one time; 0: the device's own")
      .add("--sample-rate", options.sample, "share of the classes in a pass")
      .flag("--sgd", options.sgd, "the head steps its weights as well");
  add_bench_options(command, options);
}

}  // namespace fr
