// fr-eval all: every benchmark whose folder is below one root, and what the others lack.
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "../apps/options.h"
#include "core/error.h"
#include "core/files.h"
#include "core/parallel.h"
#include "eval/protocol.h"
#include "eval/result.h"
#include "protocol_main.h"

namespace fs = std::filesystem;

namespace fr {

namespace {

enum class Outcome { kDone, kMissing, kFailed };

struct Line {
  std::string name;
  Outcome outcome = Outcome::kMissing;
  std::string text;  // the first metric, or what is missing or wrong
};

// The first of these beside the lists; empty: none.
std::string find_beside(const fs::path& folder, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (fs::exists(folder / name)) return folder / name;
  }
  return "";
}
std::string find_embeddings(const fs::path& folder) {  // "embeddings" is the folder of a devkit's features
  return find_beside(folder, {"embeddings.h5", "embeddings.npy", "submission.bin", "embeddings"});
}

int run_one(const std::string& name, bool ranked, const AllArguments& a, const std::string& data,
            const std::string& out) {
  const std::string embeddings = find_embeddings(data);
  if (ranked) {
    RankingArguments one;
    one.data = data;
    one.out = out;
    one.embeddings = {embeddings};
    return run_ranking(name, one);
  }
  EvaluationArguments one;
  one.data = data;
  one.out = out;
  one.backend = a.backend;
  one.far = a.far;
  one.model = a.model;
  if (a.model.empty()) {
    one.embeddings = embeddings;
    one.flipped = find_beside(data, {"flipped.h5", "flipped.npy"});
  }
  return run_evaluation(name, one);
}

Line evaluate_folder(const std::string& name, const AllArguments& a) {
  const Protocol& protocol = Registry<ProtocolKind>::instance().find(name)();
  const fs::path data = fs::path(a.root) / name;
  if (!fs::exists(data) || fs::is_empty(data)) {
    return {name, Outcome::kMissing,
            fmt::format("nothing in {} (needed: {})", data.string(), protocol.needs())};
  }
  if ((a.model.empty() || protocol.ranked()) && find_embeddings(data).empty()) {
    return {name, Outcome::kMissing,
            fmt::format("{} holds no embeddings.h5, embeddings.npy or submission.bin{}", data.string(),
                        protocol.ranked() ? "" : "; or give --model")};
  }
  fmt::print("\n== {}  {}\n", name, protocol.title());
  const std::string out = fs::path(a.out) / (name + ".json");
  try {
    run_one(name, protocol.ranked(), a, data, out);
    const Result result = read_result(out);
    const Metric& metric = result.metrics.at(protocol.first_metric());
    std::string text = fmt::format("{:<14} {:.6f}", protocol.first_metric(), metric.value);
    if (metric.ci_low) text += fmt::format("  [{:.6f}, {:.6f}]", *metric.ci_low, *metric.ci_high);
    return {name, Outcome::kDone, text};
  } catch (const std::exception& error) {  // the other benchmarks go on
    fmt::print("{}\n", error.what());
    return {name, Outcome::kFailed, error.what()};
  }
}

}  // namespace

void add_all(Options& options, AllArguments& a) {
  options.add("--root", a.root, "folder with one folder a benchmark, NAME/ ($FR_DATA)")
      .add("--model", a.model,
           "a network to embed the images with; without it, NAME/embeddings.h5, .npy or submission.bin, and "
           "NAME/flipped.h5 or .npy where it is there")
      .add("--far", a.far, "further false accept rates")
      .add("--backend", a.backend, "with --model: auto, ref, onednn, cuda")
      .add("--threads", a.threads, "threads (0: all)")
      .add("--out", a.out, "folder of the results");
}

int run_all(const AllArguments& arguments) {
  AllArguments a = arguments;
  const char* root = std::getenv("FR_DATA");
  if (a.root.empty() && root != nullptr) a.root = root;
  if (a.root.empty()) throw UsageError("all: give --root DIR, or set FR_DATA");
  FR_CHECK(is_folder(a.root), "{}: no such folder", a.root);
  if (a.threads > 0) set_thread_count(static_cast<int>(a.threads));
  std::vector<Line> lines;
  for (const std::string& name : Registry<ProtocolKind>::instance().names()) {
    lines.push_back(evaluate_folder(name, a));
  }
  fmt::print("\n");
  for (const Line& line : lines) {
    const char* state = line.outcome == Outcome::kDone     ? ""
                        : line.outcome == Outcome::kFailed ? "FAILED: "
                                                           : "missing: ";
    fmt::print("{:<15} {}{}\n", line.name, state, line.text);
  }
  const auto count = [&](Outcome outcome) {
    return std::count_if(lines.begin(), lines.end(),
                         [&](const Line& line) { return line.outcome == outcome; });
  };
  fmt::print("{} evaluated, {} missing, {} failed; results in {}\n", count(Outcome::kDone),
             count(Outcome::kMissing), count(Outcome::kFailed), a.out);
  return count(Outcome::kFailed) > 0 || count(Outcome::kDone) == 0 ? 1 : 0;
}

}  // namespace fr
