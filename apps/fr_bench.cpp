// fr-bench: how fast this machine trains, against its own gemm rate in the same run, and how fast it reads.
#include "../apps/fr_bench.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/device_memory.h"
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
  command.add("--backend", options.backend, "auto, cuda, cuda_f32, cuda_tf32, onednn or ref");
  add_timing_options(command, options);
}

std::unique_ptr<Backend> start(const BenchOptions& options) {
  set_threads(options);
  return make_backend(options.backend);
}

double seconds_of(const std::function<void()>& call) {
  const auto begin = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double seconds_per_call(double budget, const std::function<void()>& call) {
  call();
  double least = std::numeric_limits<double>::infinity(), spent = 0;
  for (int calls = 0; calls < 2 || spent < budget; ++calls) {
    const double seconds = seconds_of(call);
    least = std::min(least, seconds);
    spent += seconds;
  }
  return least;
}

namespace {

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

// The fastest square product: its rate, and its size.
struct GemmLimit {
  double flops = 0;
  int64_t size = 0;
};

// A square product of random numbers.
class Square {
 public:
  Square(Backend& backend, int64_t size)
      : size_(size),
        bf16_(backend.activations() == DType::kBf16),
        a_(operand(backend, "a")),
        b_(operand(backend, "b")),
        c_({size, size}, {}, DType::kF32, backend.device()) {}
  void run(Backend& backend) const {
    const Backend::Gemm product{.m = size_, .n = size_, .k = size_, .lda = size_, .ldb = size_, .ldc = size_};
    if (bf16_) {
      backend.gemm_bf16(product, static_cast<const Bf16*>(a_.view().data),
                        static_cast<const Bf16*>(b_.view().data), c_.f32());
    } else {
      backend.gemm(product, a_.f32(), b_.f32(), c_.f32());
    }
    synchronize(backend.device());
  }
  double flops() const { return 2 * static_cast<double>(size_ * size_ * size_); }

 private:
  Tensor operand(const Backend& backend, const char* name) const {
    const Tensor numbers({size_, size_}), rounded({size_, size_}, {}, bf16_ ? DType::kBf16 : DType::kF32);
    parallel_for(size_, [&](int64_t row) {
      const RandomStream stream(1, name, static_cast<uint64_t>(row));
      for (int64_t i = row * size_; i < (row + 1) * size_; ++i) {
        const float value = 2 * stream.uniform(static_cast<uint64_t>(i)) - 1;
        numbers.f32()[i] = value;
        if (bf16_) static_cast<Bf16*>(rounded.view().data)[i] = Bf16(value);
      }
    });
    return on(backend.device(), bf16_ ? rounded : numbers);
  }
  int64_t size_;
  bool bf16_;
  Tensor a_, b_, c_;  // (size, size)
};

GemmLimit gemm_limit(Backend& backend, double budget) {
  GemmLimit best;
  const bool gpu = backend.device() == Device::kCuda;
  for (const int64_t size :
       gpu ? std::vector<int64_t>{4096, 8192} : std::vector<int64_t>{384, 768, 1536, 2304}) {
    const Square square(backend, size);
    const double rate = square.flops() / seconds_per_call(budget, [&] { square.run(backend); });
    if (rate > best.flops) best = {rate, size};
  }
  return best;
}

}  // namespace

double gemm_rate(Backend& backend, double budget) { return gemm_limit(backend, budget).flops; }

BesideGemm measure_beside_gemm(Backend& backend, double flops, double budget,
                               const std::function<void()>& call) {
  constexpr int64_t kLeastRounds = 5;
  const Square square(backend, gemm_limit(backend, 0.1).size);
  square.run(backend);
  std::vector<double> seconds, rates, shares;
  double spent = 0;
  while (std::ssize(seconds) < kLeastRounds || spent < budget) {
    seconds.push_back(seconds_of(call));
    int64_t products = 0;
    double gemm = 0;
    while (products == 0 || gemm < seconds.back() / 2) {
      gemm += seconds_of([&] { square.run(backend); });
      ++products;
    }
    rates.push_back(static_cast<double>(products) * square.flops() / gemm);
    shares.push_back(flops / seconds.back() / rates.back());
    spent += seconds.back() + gemm;
  }
  return {median(seconds), std::ranges::min(seconds), median(rates), median(shares), std::ssize(seconds)};
}

std::function<void()> waited(const Backend& backend, std::function<void()> call) {
  return [device = backend.device(), call = std::move(call)] {
    call();
    synchronize(device);
  };
}

Tensor on(Device device, const View& host) {
  Tensor there(host.shape, host.layout, host.dtype, device);
  copy(host, there);
  return there;
}

double copy_rate(const Backend& backend, double budget) {
  const Device device = backend.device();
  const int64_t floats = device == Device::kCuda ? 1 << 28 : 32 << 20;
  const Tensor from = Tensor::zeros({.n = floats}, {}, DType::kF32, device);
  const Tensor to = Tensor::zeros({.n = floats}, {}, DType::kF32, device);
  const auto copy_all = [&] {
    if (device == Device::kCuda) return copy(from, to);
    parallel_ranges(floats, 1, [&](int64_t begin, int64_t end) {
      std::copy(from.f32() + begin, from.f32() + end, to.f32() + begin);
    });
  };
  return 2 * static_cast<double>(from.view().bytes()) / seconds_per_call(budget, waited(backend, copy_all));
}

Limits measure_limits(Backend& backend, double budget) {
  return {.flops = gemm_rate(backend, budget), .bytes = copy_rate(backend, budget)};
}

Work work_of_head(const LossOptions& options) {
  const auto classes = static_cast<double>(options.classes), sampled = options.sample * classes;
  const double passes = options.sgd ? sampled + 4 * classes : 4 * sampled;  // over a class' weights
  return {.flops = 0, .bytes = passes * static_cast<double>(options.embedding_size) * double{sizeof(float)}};
}

Json print_operations(const TimedBackend& backend, const Limits& limits, double seconds, int64_t calls) {
  Json rows = Json::object();
  double rest = seconds;
  const auto milliseconds = [&](double total) { return 1e3 * total / static_cast<double>(calls); };
  fmt::print("{:<24} {:>7} {:>9} {:>9} {:>7}\n", "operation", "share", "ms", "floor ms", "reached");
  for (const auto& [operation, spent] : backend.spent()) {
    const double floor = limits.seconds(spent.work);
    rest -= spent.seconds;
    fmt::print("{:<24} {:6.1f}% {:9.2f} {:9.2f} {:6.1f}%\n", operation, 100 * spent.seconds / seconds,
               milliseconds(spent.seconds), milliseconds(floor), 100 * floor / spent.seconds);
    const auto of_call = [&](double total) { return total / static_cast<double>(calls); };
    rows[operation] = {{"share", spent.seconds / seconds},
                       {"seconds", of_call(spent.seconds)},
                       {"floor_seconds", of_call(floor)},
                       {"flops", of_call(spent.work.flops)},
                       {"bytes", of_call(spent.work.bytes)}};
  }
  fmt::print("{:<24} {:6.1f}% {:9.2f}\n", "the rest", 100 * rest / seconds, milliseconds(rest));
  return rows;
}

double time_operations(TimedBackend& backend, int64_t calls, const std::function<void()>& call) {
  backend.keep_time(true);
  return seconds_of(waited(backend, [&] {
    for (int64_t i = 0; i < calls; ++i) call();
  }));
}

Tensor random_images(int64_t n) {
  Tensor images({n, 3, 112, 112});
  RandomStream stream(1, "images");
  for (float& value : images.floats()) value = stream.next_uniform(-1, 1);
  return images;
}

void write_report(const BenchOptions& options, Json report) {
  if (options.out.empty()) return;
  report["schema"] = 2;
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
  fr::add_score(program);
  fr::add_read(program);
  return program.run(argc, argv,
                     []() -> int { throw fr::UsageError("which measurement? (see fr-bench --help)"); });
}
