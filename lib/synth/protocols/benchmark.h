// Synthetic benchmarks: official lists and embeddings of a benchmark, at its real size or a small one, as if
// a network had seen its photographs. One file a family of benchmarks; the registry finds them by name.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/registry.h"

namespace fr::synth {

enum class Size { kFull, kSmall };

struct BenchmarkRequest {
  std::filesystem::path folder;  // where the files go
  Size size = Size::kSmall;
  uint64_t seed = 1;
  bool flip = false;  // also the rows of the mirrored photographs
};

class Benchmark {
 public:
  virtual ~Benchmark() = default;
  // What the lists hold, by the names that `fr-eval NAME --plan` uses.
  virtual std::vector<std::pair<std::string, int64_t>> counts(Size size) const = 0;
  virtual std::string embeddings() const { return "embeddings.npy"; }  // the file of rows, below the folder
  virtual bool can_flip() const { return true; }                       // flipped.npy exists where asked for
  // Writes everything below request.folder. Throws fr::Error where the disk is full.
  virtual void write(const BenchmarkRequest& request) const = 0;
};

struct BenchmarkKind {
  static constexpr const char* name = "synthetic benchmark";
  using Factory = const Benchmark& (*)();
};

// Writes the benchmark and synthetic.json, by which programs know that these are no real faces. The folder
// appears when all is written; an existing one that is not empty is fr::Error, and so is a flip where the
// benchmark has none.
void make_benchmark(const std::string& name, const BenchmarkRequest& request);

// The small benchmark in `folder`, made unless it is there already. Throws fr::Error when the folder holds
// something else.
void make_demo(const std::string& name, const std::filesystem::path& folder);

}  // namespace fr::synth
