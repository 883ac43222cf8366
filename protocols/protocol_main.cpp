// The command line every fr-eval program shares. Prints the headline number first.
#include "protocol_main.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <optional>

#include "../apps/options.h"
#include "backend/backend.h"
#include "core/error.h"
#include "core/parallel.h"
#include "embed/embed.h"
#include "eval/evaluate.h"
#include "eval/folds.h"
#include "eval/protocol.h"
#include "nn/checkpoint.h"
#include "store/store.h"

namespace fs = std::filesystem;

namespace fr {

namespace {

const Protocol& find_protocol(const std::string& name) {
  return Registry<ProtocolKind>::instance().find(name)();
}

std::string example(const std::string& program) {
  return program + " --data DIR --embeddings FILE.npy --out RESULT.json\n  " + program +
         " --data DIR --model model.safetensors";
}

// --data, or the folder of this protocol in $FR_DATA.
std::string find_data(const std::string& protocol, const std::string& given) {
  if (!given.empty()) return given;
  const char* root = std::getenv("FR_DATA");
  const fs::path folder = root == nullptr ? fs::path() : fs::path(root) / protocol;
  if (root != nullptr && fs::exists(folder)) return folder.string();
  throw UsageError(
      fmt::format("{}: give --data or set FR_DATA to a folder with {}/ in it (needed: {}; `fr-data synth "
                  "--out DIR` makes a small synthetic one, DIR/{})",
                  protocol, protocol, find_protocol(protocol).needs(), protocol));
}

// "mobilefacenet" of mobilefacenet.h5; the folder's name where the file's says nothing.
std::string model_name(const std::string& file) {
  const fs::path path = fs::absolute(file);
  const std::string stem = path.stem().string();
  const bool plain = stem == "model" || stem == "embeddings" || stem == "checkpoint";
  return plain ? path.parent_path().filename().string() : stem;
}

// Whether `data` is, or lies in, a folder that `fr-data synth` made: a report must not take it for the
// benchmark.
bool is_synthetic(const std::string& data) {
  const fs::path here = fs::absolute(data).lexically_normal();
  for (const fs::path& folder : {here, here.parent_path(), here.parent_path().parent_path()}) {
    if (fs::exists(folder / "synthetic.json")) return true;
  }
  return false;
}

// Counts of the plan beside the published ones, and the genuine pairs of each fold.
void print_plan(const Protocol& protocol, const Plan& plan) {
  fmt::print("{}  {}  ({}, {})\n", plan.protocol, protocol.title(), plan.list, plan.content_hash);
  std::vector<std::pair<std::string, int64_t>> counts = {{"items", std::ssize(plan.items)}};
  if (!plan.templates.empty()) counts.emplace_back("templates", std::ssize(plan.templates));
  for (const PairList& list : plan.pair_lists) {
    const auto genuine =
        std::count_if(list.pairs.begin(), list.pairs.end(), [](const Pair& p) { return p.same; });
    counts.emplace_back("pairs", std::ssize(list.pairs));
    counts.emplace_back("genuine", genuine);
    counts.emplace_back("impostor", std::ssize(list.pairs) - genuine);
    if (list.folds > 0) counts.emplace_back("folds", list.folds);
  }
  for (const auto& [name, count] : counts) {
    const auto published = std::find_if(plan.published.begin(), plan.published.end(),
                                        [&name = name](const auto& entry) { return entry.first == name; });
    const std::string beside =
        published == plan.published.end() ? "" : fmt::format("  published {:>9}", published->second);
    fmt::print("{:<10} {:>9}{}\n", name, count, beside);
  }
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
  if (name.find('/') != std::string::npos && metric.far) line += fmt::format("  FAR {:.3e}", *metric.far);
  fmt::print("{}\n", line);
}

void print_result(const Result& result, const std::string& headline) {
  print_metric(headline, result.metrics.at(headline));
  for (const auto& [name, metric] : result.metrics) {
    if (name != headline) print_metric(name, metric);
  }
  const auto accuracy = result.metrics.find("accuracy");
  if (accuracy != result.metrics.end()) {
    fmt::print("{:<22}", "accuracy of folds");
    for (const double fold : accuracy->second.folds) fmt::print(" {:.6f}", fold);
    fmt::print("\n");
  }
  const auto& counts = result.counts;
  fmt::print("{} pairs ({} genuine, {} impostor), {} items, {} failed\n", counts.at("pairs"),
             counts.at("genuine"), counts.at("impostor"), counts.at("items"), counts.at("failed_items"));
  if (counts.at("failed_items") > 0 || counts.at("extra_rows") > 0) {
    fmt::print(
        "failed: {} rows missing, {} unusable; {} genuine pairs missed and {} impostor pairs rejected for "
        "it; {} rows name no item\n",
        counts.at("missing_rows"), counts.at("unusable_rows"), counts.at("failed_genuine"),
        counts.at("failed_impostor"), counts.at("extra_rows"));
  }
}

EvaluateOptions evaluate_options(const EvaluationArguments& arguments) {
  EvaluateOptions options{.far = arguments.far, .concatenated_flip = arguments.concatenated_flip};
  if (!arguments.pooling.empty()) options.pooling = parse_media_pooling(arguments.pooling);
  return options;
}

Result evaluate_file(const Plan& plan, const EvaluationArguments& arguments) {
  const Embeddings original = read_embeddings(arguments.embeddings);
  std::optional<Embeddings> flipped;
  if (!arguments.flipped.empty()) flipped = read_embeddings(arguments.flipped);
  Result result = evaluate(plan, original, flipped ? &*flipped : nullptr, evaluate_options(arguments));
  result.model["file"] = arguments.embeddings;
  return result;
}

Result evaluate_model(const Plan& plan, const EvaluationArguments& arguments) {
  const std::unique_ptr<Backend> backend = make_backend(arguments.backend);
  const std::unique_ptr<Network> network = load_network(arguments.model, *backend);
  const auto begin = std::chrono::steady_clock::now();
  EmbedOptions options;
  options.batch_size = arguments.batch_size;
  options.flip = !arguments.no_flip;
  const EmbeddedPlan embedded = embed(plan, *network, options);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  Result result = evaluate(plan, embedded.original, embedded.flipped ? &*embedded.flipped : nullptr,
                           evaluate_options(arguments));
  const Safetensors checkpoint(arguments.model);
  for (const auto& [key, value] : checkpoint.metadata()) result.model[key] = value;
  result.model["file"] = arguments.model;
  result.model.erase("embeddings");
  result.model["hash"] = network->parameters_hash();
  result.preprocessing["image"] = embedded.preprocessing;
  result.environment["backend"] = backend->name();
  result.timing["embed"] = seconds.count();
  return result;
}

}  // namespace

void add_evaluation(Options& options, EvaluationArguments& a) {
  options
      .add("--data", a.data,
           "the benchmark: a .bin pack, its folder, or official lists with images ($FR_DATA/NAME)")
      .add("--embeddings", a.embeddings, "rows to evaluate: .npy (names in the .txt beside it) or .h5")
      .add("--flipped", a.flipped, "rows of the mirrored images, added to the others")
      .flag("--concat-flip", a.concatenated_flip, "each row is an embedding and that of the mirrored image")
      .add("--model", a.model, "a network to embed the images with (.safetensors)")
      .flag("--no-flip", a.no_flip, "with --model: do not embed mirrored images")
      .add("--backend", a.backend, "with --model: auto, ref, onednn, cuda")
      .add("--batch-size", a.batch_size, "with --model: images at a time")
      .add("--far", a.far, "false accept rates; the first is printed first")
      .add("--folds", a.folds, "folds of the accuracy")
      .add("--pooling", a.pooling, "of templates: N1D1F1 = norm kept, detector score used, flip added")
      .add("--threads", a.threads, "threads (0: all)")
      .add("--out", a.out, "the result file (results/NAME-MODEL.json)")
      .flag("--plan", a.plan_only, "print the counts of the benchmark and stop");
}

int run_evaluation(const std::string& name, const EvaluationArguments& arguments) {
  const Protocol& protocol = find_protocol(name);
  const std::string data = find_data(name, arguments.data);
  if (!arguments.plan_only && arguments.embeddings.empty() == arguments.model.empty()) {
    throw UsageError(name + ": give one of --embeddings FILE and --model FILE (or --plan)");
  }
  if (arguments.folds < 1)
    throw UsageError(fmt::format("{}: --folds {} is not positive", name, arguments.folds));
  for (const double rate : arguments.far) {
    if (!(rate >= 0 && rate <= 1)) throw UsageError(fmt::format("{}: --far {} is not in [0, 1]", name, rate));
  }
  if (arguments.threads > 0) set_thread_count(static_cast<int>(arguments.threads));

  const auto begin = std::chrono::steady_clock::now();
  const bool embed_images = !arguments.plan_only && !arguments.model.empty();
  const Plan plan = protocol.plan({.data = data, .folds = arguments.folds, .images = embed_images});
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  if (arguments.plan_only) {
    print_plan(protocol, plan);
    return 0;
  }
  Result result = embed_images ? evaluate_model(plan, arguments) : evaluate_file(plan, arguments);
  const std::string model = model_name(embed_images ? arguments.model : arguments.embeddings);
  result.model.emplace("name", model);
  result.dataset["path"] = data;
  if (is_synthetic(data)) result.dataset["kind"] = "synthetic";
  result.timing["plan"] = seconds.count();

  print_result(result,
               arguments.far.empty() ? protocol.first_metric() : "tar@far=" + rate_text(arguments.far[0]));
  const std::string out =
      arguments.out.empty() ? fmt::format("results/{}-{}.json", name, model) : arguments.out;
  write_result(out, result);
  fmt::print("{}\n", out);
  return 0;
}

int protocol_main(const std::string& protocol, int argc, char** argv) {
  const std::string program = "fr-eval-" + protocol;
  EvaluationArguments arguments;
  Options options(program, find_protocol(protocol).title(), example(program));
  add_evaluation(options, arguments);
  return options.run(argc, argv, [&] { return run_evaluation(protocol, arguments); });
}

}  // namespace fr
