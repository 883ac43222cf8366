// fr-bench gemm: the machine's rate of products. fr-bench ops: each operation of the networks against that
// rate and, for those bound by memory, the bytes they touch a second.
#include <fmt/core.h>

#include <map>
#include <nlohmann/json.hpp>

#include "../apps/fr_bench.h"
#include "backend/cases.h"
#include "core/device_memory.h"
#include "core/parallel.h"
#include "core/random.h"

namespace fr {
namespace {

struct OpsOptions : BenchOptions {
  int64_t batch = 16;
  std::string only;
};

int run_gemm(const BenchOptions& options) {
  const auto backend = start(options);
  const double rate = gemm_rate(*backend, options.seconds);
  fmt::print("gemm {}, {}, {} threads: {:.1f} GFLOP/s\n", name_of(backend->activations()), backend->name(),
             thread_count(), rate / 1e9);
  write_report(options, {{"measurement", "gemm"}, {"backend", backend->name()}, {"gemm_flops", rate}});
  return 0;
}

// Operands of a case in the backend's memory, filled with small random numbers.
class Bound {
 public:
  Bound(const Case& c, Backend& backend) {
    for (const Operand& operand : c.operands) {
      Tensor host(operand.shape, operand.layout);
      RandomStream stream(1, operand.name);
      for (float& value : host.floats()) value = stream.next_uniform(operand.low, operand.high);
      tensors_.push_back(moved(std::move(host), dtype_of(operand, backend), backend));
      views_.push_back(tensors_.back().view());
    }
  }
  std::span<const View> views() const { return views_; }

 private:
  static Tensor moved(Tensor host, DType dtype, Backend& backend) {
    if (backend.device() == Device::kCpu) return host;
    Tensor there(host.shape(), host.view().layout, DType::kF32, backend.device());
    copy(host, there);
    if (dtype == DType::kF32) return there;
    Tensor result(host.shape(), host.view().layout, dtype, backend.device());
    backend.reorder(there, result);
    synchronize(backend.device());
    return result;
  }

  std::vector<Tensor> tensors_;
  std::vector<View> views_;
};

int run_ops(const OpsOptions& options) {
  const auto backend = start(options);
  TimedBackend counting(*backend);
  const Limits limits = measure_limits(*backend, options.seconds);
  const double rate = limits.flops;
  fmt::print("{}, {} threads, gemm {:.1f} GFLOP/s, copy {:.1f} GB/s\n\n{:>9} {:>9} {:>7} {:>7} {:>8}  {}\n",
             backend->name(), thread_count(), rate / 1e9, limits.bytes / 1e9, "ms", "GFLOP/s", "of gemm",
             "GB/s", "of floor", "operation");
  Json rows = Json::array();
  for (const Case& c : network_cases(*backend, options.batch)) {
    if (!c.name.starts_with(options.only)) continue;
    const Bound bound(c, *backend);
    const double seconds =
        seconds_per_call(options.seconds, waited(*backend, [&] { c.run(*backend, bound.views()); }));
    counting.reset();
    c.run(counting, bound.views());
    const Work work = counting.spent().begin()->second.work;
    const double flops = work.flops / seconds, bandwidth = work.bytes / seconds;
    const double floor = limits.seconds(work);
    fmt::print("{:9.3f} {:9.1f} {:6.1f}% {:7.1f} {:7.1f}%  {}\n", seconds * 1e3, flops / 1e9,
               100 * flops / rate, bandwidth / 1e9, 100 * floor / seconds, c.name);
    rows.push_back({{"name", c.name},
                    {"seconds", seconds},
                    {"floor_seconds", floor},
                    {"flops", work.flops},
                    {"bytes", work.bytes}});
  }
  for (const std::string& text : backend->implementations()) fmt::print("{}\n", text);
  write_report(options, {{"measurement", "ops"},
                         {"backend", backend->name()},
                         {"batch", options.batch},
                         {"gemm_flops", rate},
                         {"copy_bytes_per_second", limits.bytes},
                         {"operations", rows},
                         {"implementations", backend->implementations()}});
  return 0;
}

}  // namespace

void add_gemm(Options& program) {
  static BenchOptions options;
  add_bench_options(
      program.subcommand("gemm", "matrix multiplication rate of this machine, in the backend's dtype",
                         "fr-bench gemm --threads 1", [] { return run_gemm(options); }),
      options);
}

void add_ops(Options& program) {
  static OpsOptions options;
  Options& command =
      program.subcommand("ops", "each operation of the networks against the gemm rate",
                         "fr-bench ops --batch 32 --only batch_norm", [] { return run_ops(options); });
  command.add("--batch", options.batch, "images")
      .add("--only", options.only, "operations whose name begins so");
  add_bench_options(command, options);
}

}  // namespace fr
