// fr-bench embed NETWORK: milliseconds a face at batch 1, images/s at larger batches, and the memory
// embedding takes.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "../apps/fr_bench.h"
#include "core/error.h"
#include "core/parallel.h"
#include "core/peak_memory.h"
#include "core/repeated_step.h"
#include "nn/network.h"

namespace fr {
namespace {

struct EmbedBenchOptions : BenchOptions {
  std::string network = "iresnet50";
  int64_t batch = 32, embedding_size = 512;
};

int run_embed(const EmbedBenchOptions& options) {
  FR_CHECK(options.batch > 0, "a batch of {} images", options.batch);
  const auto plain = start(options);
  TimedBackend backend(*plain);
  backend.keep_time(false);
  Network network(options.network, {.embedding_size = options.embedding_size}, backend);
  network.initialise(1);
  network.freeze();
  const Tensor images = on(plain->device(), random_images(options.batch));
  const Limits limits = measure_limits(*plain, options.seconds);
  const double rate = limits.flops;
  RepeatedStep repeated(plain->device(), [&] { network.forward_eval(images); });  // on a GPU captured
  const auto pass = waited(*plain, [&] { repeated.run(); });
  pass();
  const double seconds = seconds_per_call(std::max(options.seconds, 2.0), pass);

  // Then for the operations, each timed by itself.
  constexpr int64_t kTimedCalls = 10;
  const double total = time_operations(backend, kTimedCalls, [&] { network.forward_eval(images); });

  const double per_second = static_cast<double>(options.batch) / seconds;
  const double flops = 2 * static_cast<double>(network.multiply_adds()) * per_second;
  fmt::print("{}, {}, {} threads, batch {}\n", options.network, plain->name(), thread_count(), options.batch);
  fmt::print("gemm rate         {:9.1f} GFLOP/s\n", rate / 1e9);
  fmt::print("batch             {:9.2f} ms\n", seconds * 1e3);
  fmt::print("a face            {:9.2f} ms\n", 1e3 / per_second);
  fmt::print("images            {:9.2f} /s\n", per_second);
  fmt::print("rate              {:9.1f} GFLOP/s, {:.1f} % of gemm\n", flops / 1e9, 100 * flops / rate);
  fmt::print("activations       {:9.1f} MB\n", static_cast<double>(network.arena_bytes()) / 1e6);
  fmt::print("peak memory       {:9.1f} MB, the whole process\n\n", static_cast<double>(peak_memory()) / 1e6);
  Json report = {{"measurement", "embed"},     {"network", options.network},
                 {"backend", plain->name()},   {"batch", options.batch},
                 {"gemm_flops", rate},         {"copy_bytes_per_second", limits.bytes},
                 {"seconds", seconds},         {"images_per_second", per_second},
                 {"of_gemm", flops / rate},    {"activation_bytes", network.arena_bytes()},
                 {"peak_bytes", peak_memory()}};
  report["operations"] = print_operations(backend, limits, total, kTimedCalls);
  write_report(options, report);
  return 0;
}

}  // namespace

void add_embed(Options& program) {
  static EmbedBenchOptions options;
  Options& command =
      program.subcommand("embed", "embeddings by a network without decoding: latency, rate, memory",
                         "fr-bench embed iresnet50 --batch 1", [] { return run_embed(options); });
  command.add("network", options.network, "network name")
      .add("--batch", options.batch, "images at a time")
      .add("--embedding-size", options.embedding_size, "embedding size");
  add_bench_options(command, options);
}

}  // namespace fr
