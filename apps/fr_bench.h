// What the subcommands of fr-bench share: timing, the machine's own gemm rate, and where a report goes.
#pragma once
#include <algorithm>
#include <functional>
#include <string>

#include "../apps/options.h"
#include "backend/timed.h"
#include "core/json.h"
#include "loss/loss.h"

namespace fr {

struct BenchOptions {
  std::string backend = "auto";
  int64_t threads = 0;   // 0: all
  double seconds = 0.3;  // measured per figure, at least
  std::string out;       // JSON file; empty: none
};

// Binds the options that every measurement has.
void add_timing_options(Options& command, BenchOptions& options);
void set_threads(const BenchOptions& options);
// The same, for a measurement that computes: --backend as well; sets the thread count and makes the backend.
void add_bench_options(Options& command, BenchOptions& options);
std::unique_ptr<Backend> start(const BenchOptions& options);

double seconds_of(const std::function<void()>& call);

// Seconds of one call: the least of as many as fit into `budget` seconds (two at least), after one that is
// not counted. The least, because whatever else runs on the machine only ever adds.
double seconds_per_call(double budget, const std::function<void()>& call);

// Multiplications and additions a second of the backend's gemm, in the dtype of its activations, on random
// numbers: the best of a few square sizes.
double gemm_rate(Backend& backend, double budget);

// The same with the work that `call` leaves to the backend's device waited for.
std::function<void()> waited(const Backend& backend, std::function<void()> call);

// Bytes read and written a second by a copy too large for the caches, on all threads.
double copy_rate(const Backend& backend, double budget);

// What this machine allows, measured in the run.
struct Limits {
  double flops = 0, bytes = 0;  // a second
  double seconds(const Work& work) const { return std::max(work.flops / flops, work.bytes / bytes); }
};
Limits measure_limits(Backend& backend, double budget);

// Of the loss' kernels, its products aside: sampled class weights are read forward and backward, where their
// gradients are added to; or a step reads and writes the weights and momenta of all classes.
Work work_of_head(const LossOptions& options);

// A long call and the machine's gemm in turn, so that what else runs on the machine meets both alike: medians
// over the rounds, and the median of each round's share.
struct BesideGemm {
  double seconds = 0, least_seconds = 0;  // of the call
  double gemm_flops = 0;                  // a second
  double share = 0;                       // of the gemm rate, where a call does `flops`
  int64_t rounds = 0;
};
BesideGemm measure_beside_gemm(Backend& backend, double flops, double budget,
                               const std::function<void()>& call);

// Seconds of so many calls on `backend`, which times each operation by itself from now on.
double time_operations(TimedBackend& backend, int64_t calls, const std::function<void()>& call);

// A row for each operation: its share of `seconds` (all that was timed), milliseconds a call of the
// measurement, the floor its work sets within the limits, and how much of the time the floor explains.
// Returned as JSON too.
Json print_operations(const TimedBackend& backend, const Limits& limits, double seconds, int64_t calls);

// (n, 3, 112, 112), uniform in [-1, 1) as normalised pixels are; on the host.
Tensor random_images(int64_t n);
// A copy there.
Tensor on(Device device, const View& host);

// Writes the report with the environment added, where a file is wanted, and says so.
void write_report(const BenchOptions& options, Json report);

void add_gemm(Options& program);
void add_ops(Options& program);
void add_train(Options& program);
void add_embed(Options& program);
void add_head(Options& program);
void add_score(Options& program);
void add_read(Options& program);  // nothing where the library has no readers

}  // namespace fr
