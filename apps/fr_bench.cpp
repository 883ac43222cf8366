// fr-bench: how fast this machine trains, against its own gemm rate in the same run, and how fast it reads.
#include "../apps/fr_bench.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "core/parallel.h"
#include "core/random.h"
#include "eval/result.h"

namespace fr {

void add_timing_options(Options& command, BenchOptions& options) {
  command.add("--threads", options.threads, "host threads; 0: all")
      .add("--seconds", options.seconds, "time spent on each figure")
      .add("--out", options.out, "write the figures to this JSON file");
}

void set_threads(const BenchOptions& options) {
  if (options.threads > 0) set_thread_count(static_cast<int>(options.threads));
}

void add_bench_options(Options& command, BenchOptions& options) {
  command.add("--backend", options.backend, "auto, onednn or ref");
  add_timing_options(command, options);
}

std::unique_ptr<Backend> start(const BenchOptions& options) {
  set_threads(options);
  return make_backend(options.backend);
}

double seconds_per_call(double budget, const std::function<void()>& call) {
  using Clock = std::chrono::steady_clock;
  const auto since = [](Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
  };
  call();
  double least = 0;
  const auto first = Clock::now();
  for (int calls = 0; calls < 2 || since(first) < budget; ++calls) {
    const auto begin = Clock::now();
    call();
    least = calls == 0 ? since(begin) : std::min(least, since(begin));
  }
  return least;
}

double gemm_rate(Backend& backend, double budget) {
  double best = 0;
  for (const int64_t size : {384, 768, 1536, 2304}) {
    const Tensor a = Tensor::zeros({size, size}), b = Tensor::zeros({size, size}), c({size, size});
    const Backend::Gemm g{false, false, size, size, size, 1, 0, size, size, size};
    const double seconds = seconds_per_call(budget, [&] { backend.gemm(g, a.f32(), b.f32(), c.f32()); });
    best = std::max(best, 2.0 * static_cast<double>(size * size * size) / seconds);
  }
  return best;
}

Tensor random_images(int64_t n) {
  Tensor images({n, 3, 112, 112});
  RandomStream stream(1, "images");
  for (float& value : images.floats()) value = stream.next_uniform(-1, 1);
  return images;
}

void write_report(const BenchOptions& options, Json report) {
  if (options.out.empty()) return;
  report["schema"] = 1;
  report["environment"] = describe_environment();
  report["threads"] = thread_count();
  write_json(options.out, report);
  fmt::print("written to {}\n", options.out);
}

}  // namespace fr

int main(int argc, char** argv) {
  fr::Options program(
      "fr-bench",
      "Speed of operations and training steps against this machine's gemm rate, and of reading images",
      "fr-bench gemm\n  fr-bench train iresnet18 --batch 16 --out train.json");
  fr::add_gemm(program);
  fr::add_ops(program);
  fr::add_train(program);
  fr::add_embed(program);
  fr::add_head(program);
  fr::add_read(program);
  return program.run(argc, argv,
                     []() -> int { throw fr::UsageError("which measurement? (see fr-bench --help)"); });
}
