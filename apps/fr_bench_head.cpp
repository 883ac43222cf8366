// fr-bench head: one pass (forward and backward, with --sgd the step as well) of the streamed softmax head
// against the gemm rate of the same run, how much of it the products take, and its memory.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "../apps/fr_bench.h"
#include "core/array.h"
#include "core/device_memory.h"
#include "core/error.h"
#include "core/parallel.h"
#include "core/peak_memory.h"
#include "core/random.h"
#include "loss/loss.h"

namespace fr {
namespace {

struct HeadBenchOptions : BenchOptions {
  std::string loss = "arcface";
  int64_t batch = 512, classes = 100'000, embedding_size = 512, tile = 0;
  double sample = 1;
  bool sgd = false;
};

struct HeadFigures {
  double seconds = 0;     // of the fastest pass
  double gemm_share = 0;  // of the time of all passes; 0 on a GPU, where calls return at once
  int64_t parameters = 0;
  int64_t peak = 0;         // bytes of the host
  int64_t device_used = 0;  // bytes of a GPU
};

HeadFigures measure(const HeadBenchOptions& options, Backend& plain) {
  TimedBackend backend(plain);
  LossOptions head_options;
  head_options.name = options.loss;
  head_options.embedding_size = options.embedding_size;
  head_options.classes = options.classes;
  head_options.tile = options.tile;
  head_options.sample = options.sample;
  if (options.sgd) head_options.sgd = SgdOptions{};
  const Device device = backend.device();
  const int64_t free_before = free_bytes(device);
  const auto head = make_loss(head_options, backend);
  head->initialise(1);
  head->set_rate(1e-3);

  const Tensor random({options.batch, options.embedding_size});
  RandomStream stream(1, "embeddings");
  for (float& value : random.floats()) value = stream.next_normal();
  std::vector<int32_t> labels(static_cast<size_t>(options.batch));
  for (int32_t& label : labels)
    label = static_cast<int32_t>(stream.next_below(static_cast<uint64_t>(options.classes)));
  const Tensor embeddings(random.shape(), {}, DType::kF32, device);
  const Tensor gradient(random.shape(), {}, DType::kF32, device);
  const Array<int32_t> on_device(options.batch, device);
  const Array<double> loss(1, device);
  copy(random, embeddings);
  copy_bytes(device, on_device.data(), Device::kCpu, labels.data(), on_device.bytes());
  double total = 0;
  int64_t passes = 0;
  const auto pass = [&] {
    const auto begin = std::chrono::steady_clock::now();
    head->set_step(passes++);
    head->enqueue(embeddings, on_device.data(), gradient, loss.data());
    synchronize(device);
    total += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  HeadFigures figures;
  figures.seconds = seconds_per_call(options.seconds, pass);
  if (device == Device::kCpu) figures.gemm_share = backend.spent().at("gemm").seconds / total;
  figures.device_used = free_before - free_bytes(device);
  figures.parameters = head->parameters().count();
  figures.peak = peak_memory();
  return figures;
}

int run_head(const HeadBenchOptions& options) {
  FR_CHECK(options.batch > 0 && options.classes > 0 && options.embedding_size > 0,
           "batch {}, classes {}, embedding size {}: one at least", options.batch, options.classes,
           options.embedding_size);
  const auto backend = start(options);
  // The head first: its peak is then not that of the gemm measurement.
  const HeadFigures figures = measure(options, *backend);
  const double rate = gemm_rate(*backend, options.seconds);
  const double columns = options.sample * static_cast<double>(options.classes);
  const double product =
      2 * static_cast<double>(options.batch) * columns * static_cast<double>(options.embedding_size);
  // Logits, embedding gradient, class gradient; executed: the logits once more in backward.
  const double necessary = 3 * product / figures.seconds / rate;
  const double executed = 4 * product / figures.seconds / rate;
  const int64_t held = 2 * figures.parameters * size_of(DType::kF32);

  const int64_t tile = options.tile > 0 ? options.tile : default_tile(backend->device());
  fmt::print("{}, {}, {} threads, batch {}, {} classes, embedding size {}, tile {}\n", options.loss,
             backend->name(), thread_count(), options.batch, options.classes, options.embedding_size, tile);
  if (options.sample < 1) fmt::print("sample rate             {:9.3f}\n", options.sample);
  fmt::print("gemm rate               {:9.1f} GFLOP/s\n", rate / 1e9);
  fmt::print("{:<23} {:9.1f} ms\n", options.sgd ? "forward, backward, step" : "forward and backward",
             figures.seconds * 1e3);
  fmt::print("executed products       {:9.1f} % of gemm (4 of batch x classes x embedding size)\n",
             100 * executed);
  fmt::print("necessary products      {:9.1f} % of gemm (3)\n", 100 * necessary);
  fmt::print("time in products        {:9.1f} %\n", 100 * figures.gemm_share);
  fmt::print("weights and {:<11} {:9.1f} MB\n", options.sgd ? "momentum" : "gradients",
             static_cast<double>(held) / 1e6);
  fmt::print("peak memory             {:9.1f} MB, {:.1f} MB more\n", static_cast<double>(figures.peak) / 1e6,
             static_cast<double>(figures.peak - held) / 1e6);
  if (backend->device() == Device::kCuda)
    fmt::print("memory of the GPU       {:9.1f} MB\n", static_cast<double>(figures.device_used) / 1e6);
  write_report(options, {{"measurement", "head"},
                         {"loss", options.loss},
                         {"backend", backend->name()},
                         {"batch", options.batch},
                         {"classes", options.classes},
                         {"embedding_size", options.embedding_size},
                         {"tile", tile},
                         {"sample", options.sample},
                         {"sgd", options.sgd},
                         {"gemm_flops", rate},
                         {"seconds", figures.seconds},
                         {"executed_of_gemm", executed},
                         {"necessary_of_gemm", necessary},
                         {"gemm_share", figures.gemm_share},
                         {"parameter_bytes", held},
                         {"device_bytes", figures.device_used},
                         {"peak_bytes", figures.peak}});
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
