// fr-data synth-protocol: official lists and embeddings of a benchmark, without photographs or a network.
#include <fmt/core.h>

#include <filesystem>

#include "core/parallel.h"
#include "fr_data.h"
#include "synth/protocols/benchmark.h"

namespace fr {

namespace {

struct SynthProtocolCommand {
  std::string name, out, size = "small";
  uint64_t seed = 1;
  int64_t threads = 0;
  bool flip = false;
};

int run_synth_protocol(const SynthProtocolCommand& c) {
  if (c.threads > 0) set_thread_count(static_cast<int>(c.threads));
  const synth::Size size = c.size == "full" ? synth::Size::kFull : synth::Size::kSmall;
  synth::make_benchmark(c.name, {c.out, size, c.seed, c.flip});
  const synth::Benchmark& benchmark = Registry<synth::BenchmarkKind>::instance().find(c.name)();
  fmt::print("{}: {} {}, seed {}:", c.out, c.size, c.name, c.seed);
  for (const auto& [name, count] : benchmark.counts(size)) fmt::print(" {} {}", count, name);
  const std::filesystem::path out = c.out;
  fmt::print("\nnext: fr-eval {} --data {} --embeddings {}{}\n", c.name, c.out,
             (out / benchmark.embeddings()).string(),
             c.flip ? " --flipped " + (out / "flipped.npy").string() : "");
  return 0;
}

}  // namespace

void add_synth_protocol(Options& options) {
  static SynthProtocolCommand c;
  options
      .subcommand("synth-protocol",
                  "Write a benchmark's official lists with embeddings as a network would make them: people "
                  "are directions, photographs noisy views of them, some rows missing, NaN, zero or equal",
                  "fr-data synth-protocol ijbc --size full --out synthetic/ijbc\n"
                  "  fr-eval ijbc --data synthetic/ijbc --embeddings synthetic/ijbc/embeddings.npy",
                  [] { return run_synth_protocol(c); })
      .choice("name", c.name, Registry<synth::BenchmarkKind>::instance().names(), "the benchmark")
      .required()
      .add("--out", c.out, "folder to make; it appears when it is complete")
      .required()
      .choice("--size", c.size, {"small", "full"},
              "small: seconds, megabytes; full: the real counts, up to 3.8 GB")
      .add("--seed", c.seed, "every file follows from it, on any machine and number of threads")
      .flag("--flip", c.flip, "also flipped.npy, the rows of the mirrored photographs")
      .add("--threads", c.threads, "threads (0: all)");
}

}  // namespace fr
