// What the commands of pairs, searches and rankings share: where data are, what things are called and
// printed.
#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "../apps/options.h"
#include "core/error.h"
#include "eval/folds.h"
#include "eval/plan_counts.h"
#include "eval/protocol.h"
#include "eval/result.h"
#include "protocol_main.h"

namespace fs = std::filesystem;

namespace fr {

namespace {

// Whether `data` is, or lies in, a folder that `fr-data synth` made: a report must not take it for the
// benchmark.
bool is_synthetic(const std::string& data) {
  const fs::path here = fs::absolute(data).lexically_normal();
  for (const fs::path& folder : {here, here.parent_path(), here.parent_path().parent_path()}) {
    if (fs::exists(folder / "synthetic.json")) return true;
  }
  return false;
}

}  // namespace

std::string find_data(const std::string& protocol, const std::string& given) {
  if (!given.empty()) return given;
  const char* root = std::getenv("FR_DATA");
  const fs::path folder = root == nullptr ? fs::path() : fs::path(root) / protocol;
  if (root != nullptr && fs::exists(folder)) return folder.string();
  throw UsageError(
      fmt::format("{}: give --data or set FR_DATA to a folder with {}/ in it (needed: {}; `fr-data synth "
                  "--out DIR` makes a small synthetic one, DIR/{})",
                  protocol, protocol, Registry<ProtocolKind>::instance().find(protocol)().needs(), protocol));
}

// The folder's name where the file's says nothing.
std::string model_name(const std::string& file) {
  const fs::path path = fs::absolute(file);
  const std::string stem = path.stem().string();
  const bool plain = stem == "model" || stem == "embeddings" || stem == "checkpoint";
  return plain ? path.parent_path().filename().string() : stem;
}

// Counts of the plan beside the published ones, and the genuine pairs of each fold.
void print_plan(const Protocol& protocol, const Plan& plan) {
  fmt::print("{}  {}  ({}, {})\n", plan.protocol, protocol.title(), plan.list, plan.content_hash);
  for (const auto& [name, count] : plan_counts(plan)) {
    const auto published = std::find_if(plan.published.begin(), plan.published.end(),
                                        [&name = name](const auto& entry) { return entry.first == name; });
    const std::string beside =
        published == plan.published.end() ? "" : fmt::format("  published {:>9}", published->second);
    fmt::print("{:<22} {:>9}{}\n", name, count, beside);
  }
  for (const auto& [name, text] : plan.variant) fmt::print("{} {}\n", name, text);
  for (const PairList& list : plan.pair_lists) {
    if (list.folds <= 0) continue;
    fmt::print("genuine per fold");
    for (const Fold& fold : k_folds(std::ssize(list.pairs), list.folds)) {
      fmt::print(" {}", std::count_if(list.pairs.begin() + fold.begin, list.pairs.begin() + fold.end,
                                      [](const Pair& p) { return p.same; }));
    }
    fmt::print("\n");
  }
}

void print_metric(const std::string& name, const Metric& metric) {
  std::string line = fmt::format("{:<22} {:.8f}", name, metric.value);
  if (metric.std) line += fmt::format(" ± {:.7f}", *metric.std);
  if (metric.ci_low) line += fmt::format("  [{:.6f}, {:.6f}]", *metric.ci_low, *metric.ci_high);
  if (metric.threshold) line += fmt::format("  at {:.6f}", *metric.threshold);
  if (name.find('/') != std::string::npos && metric.far) {
    line += fmt::format("  {} {:.3e}", name.starts_with("tpir") ? "FPIR" : "FAR", *metric.far);
  }
  fmt::print("{}\n", line);
}

void place_result(Result& result, const std::string& data, const std::string& model) {
  result.model.emplace("name", model);
  result.dataset["path"] = data;
  if (is_synthetic(data)) result.dataset["kind"] = "synthetic";
}

}  // namespace fr
