// The command line every fr-eval program shares. Prints the headline number first.
#include "protocol_main.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>
#include <numeric>
#include <optional>

#include "../apps/options.h"
#include "backend/backend.h"
#include "core/device_memory.h"
#include "core/error.h"
#include "core/files.h"
#include "core/module.h"
#include "core/parallel.h"
#include "embed/embed.h"
#include "eval/distractor_search.h"
#include "eval/evaluate.h"
#include "eval/outcomes.h"
#include "eval/protocol.h"
#include "eval/score_file.h"
#include "eval/unit_rows.h"
#include "nn/checkpoint.h"
#include "store/feature_tree.h"
#include "store/matrix.h"
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
  fmt::print("{} pairs ({} genuine, {} impostor)", counts.at("pairs"), counts.at("genuine"),
             counts.at("impostor"));
  if (!counts.contains("failed_items")) {  // somebody's scores
    fmt::print(", {} genuine and {} impostor failed\n", counts.at("failed_genuine"),
               counts.at("failed_impostor"));
    return;
  }
  fmt::print(", {} items, {} failed\n", counts.at("items"), counts.at("failed_items"));
  if (counts.at("failed_items") > 0 || counts.at("extra_rows") > 0) {
    fmt::print(
        "failed: {} rows missing, {} unusable; {} genuine pairs missed and {} impostor pairs rejected for "
        "it; {} rows name no item\n",
        counts.at("missing_rows"), counts.at("unusable_rows"), counts.at("failed_genuine"),
        counts.at("failed_impostor"), counts.at("extra_rows"));
  }
  const auto search = result.variant.find("1:N");
  if (search == result.variant.end()) return;
  fmt::print("1:N {}\n", search->second);
  if (!counts.contains("probes")) return;
  fmt::print("{} probes, {} failed", counts.at("probes"), counts.at("failed_probes"));
  for (const auto& [name, count] : counts) {
    if (name.starts_with("gallery_"))
      fmt::print("; {} {}, {} failed", name, count, counts.at("failed_" + name));
  }
  fmt::print("\n");
}

// An own option of some protocol; empty for the others.
std::string own(const EvaluationArguments& arguments, const std::string& spelling) {
  const auto found = arguments.own.find(spelling);
  return found == arguments.own.end() ? "" : found->second;
}

EvaluateOptions evaluate_options(const EvaluationArguments& arguments, PairOutcomes* outcomes) {
  EvaluateOptions options{.far = arguments.far, .concatenated_flip = arguments.concatenated_flip};
  options.arith = parse_arith(arguments.arith);
  options.full_roc = own(arguments, "--roc") == "full";
  options.legacy_search = own(arguments, "--rule-1n") == "legacy";
  if (!arguments.pooling.empty()) options.pooling = parse_media_pooling(arguments.pooling);
  if (const std::string folder = own(arguments, "--devkit-out"); !folder.empty()) {
    std::string algorithm = own(arguments, "--algo");
    if (algorithm.empty())
      algorithm = model_name(arguments.model.empty() ? arguments.embeddings : arguments.model);
    options.devkit_out = fs::path(folder) / fmt::format("facescrub_megaface_{}_{}_{}", algorithm,
                                                        own(arguments, "--size"), own(arguments, "--set"));
  }
  if (arguments.resamples >= 0) options.resamples = arguments.resamples;
  options.outcomes = outcomes;
  return options;
}

// Unit rows in the plan's order, zeros for failed items.
void write_submission(const std::string& path, const Plan& plan, const Embeddings& original,
                      const Embeddings* flipped, bool concatenated_flip) {
  const JoinedItems items = join_items(plan, original, flipped, concatenated_flip);
  std::vector<int64_t> usable, row_of(plan.items.size(), -1);
  for (size_t i = 0; i < row_of.size(); ++i) {
    if (items.features.original[i] == nullptr) continue;
    row_of[i] = std::ssize(usable);
    usable.push_back(static_cast<int64_t>(i));
  }
  const UnitRows rows(items.features, std::move(usable));
  write_matrix(path, std::ssize(row_of), items.features.dim, [&](int64_t i, float* row) {
    const int64_t unit = row_of[static_cast<size_t>(i)];
    if (unit < 0) {
      std::fill_n(row, items.features.dim, 0.0f);
    } else {
      rows.read(unit, row);
    }
  });
  fmt::print("{}: {} unit rows of {} values, {} of failed images are zero\n", path, row_of.size(),
             items.features.dim, std::ssize(row_of) - rows.count());
}

// The result; none where the rows are only to be written.
std::optional<Result> evaluate_rows(const Plan& plan, const Embeddings& original, const Embeddings* flipped,
                                    const EvaluationArguments& arguments, const EvaluateOptions& options) {
  const std::string submission = own(arguments, "--submission");
  if (submission.empty()) return evaluate(plan, original, flipped, options);
  write_submission(submission, plan, original, flipped, arguments.concatenated_flip);
  return std::nullopt;
}

// An embedding file, or the devkit's folder of one file an image.
Embeddings read_rows(const std::string& path, const Plan& plan, const EvaluationArguments& arguments) {
  if (!is_folder(path)) return read_embeddings(path);
  return read_feature_tree(
      path, own(arguments, "--algo"), std::ssize(plan.items),
      [&](int64_t i) -> const std::string& { return plan.items[static_cast<size_t>(i)].name; });
}

// rows: the embedding file, where it was read already.
std::optional<Result> evaluate_file(const Plan& plan, std::optional<Embeddings> rows,
                                    const EvaluationArguments& arguments, const EvaluateOptions& options) {
  const Embeddings original = rows ? std::move(*rows) : read_rows(arguments.embeddings, plan, arguments);
  std::optional<Embeddings> flipped;
  if (!arguments.flipped.empty()) flipped = read_rows(arguments.flipped, plan, arguments);
  std::optional<Result> result =
      evaluate_rows(plan, original, flipped ? &*flipped : nullptr, arguments, options);
  if (result) result->model["file"] = arguments.embeddings;
  return result;
}

Result evaluate_given_scores(const Plan& plan, const EvaluationArguments& arguments,
                             const EvaluateOptions& options) {
  FR_CHECK(plan.pair_lists.size() == 1, "{} has no pair list to give scores for", plan.protocol);
  const bool distances = arguments.scores_are == "distance";
  const std::vector<double> scores =
      read_scores(arguments.scores, std::ssize(plan.pair_lists[0].pairs), distances);
  Result result = evaluate_scores(plan, scores, distances, options);
  result.model["file"] = arguments.scores;
  return result;
}

std::optional<Result> evaluate_model(const Plan& plan, const Protocol& protocol,
                                     const EvaluationArguments& arguments,
                                     const EvaluateOptions& evaluation) {
  const std::unique_ptr<Backend> backend = make_backend(arguments.backend);
  const std::unique_ptr<Network> network = load_network(arguments.model, *backend);
  const auto begin = std::chrono::steady_clock::now();
  EmbedOptions options;
  options.batch_size = arguments.batch_size;
  options.flip = protocol.flip() && !arguments.no_flip;
  const EmbeddedPlan embedded = embed(plan, *network, options);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  std::optional<Result> evaluated = evaluate_rows(
      plan, embedded.original, embedded.flipped ? &*embedded.flipped : nullptr, arguments, evaluation);
  if (!evaluated) return evaluated;
  Result& result = *evaluated;
  const Safetensors checkpoint(arguments.model);
  for (const auto& [key, value] : checkpoint.metadata()) result.model[key] = value;
  result.model["file"] = arguments.model;
  result.model.erase("embeddings");
  result.model["hash"] = network->parameters_hash();
  result.preprocessing["image"] = embedded.preprocessing;
  result.environment["backend"] = backend->name();
  result.timing["embed"] = seconds.count();
  return evaluated;
}

// Tells this file from another one that took its place.
std::string file_identity(const std::string& file) {
  const auto written = fs::last_write_time(file).time_since_epoch().count();
  return fmt::format("{} of {}, {} bytes", fs::absolute(file).string(), written,
                     is_file(file) ? fs::file_size(file) : 0);
}

// Everything that decides the rows to be scored, but the lists.
std::string input_identity(const EvaluationArguments& a) {
  std::string text;
  for (const std::string* file : {&a.embeddings, &a.flipped, &a.model}) {
    if (!file->empty()) text += file_identity(*file) + "; ";
  }
  return text;
}

void check_usage(const std::string& name, const EvaluationArguments& a) {
  const auto check = [&](bool good, const std::string& what) {
    if (!good) throw UsageError(name + ": " + what);
  };
  check(a.folds >= 1, fmt::format("--folds {} is not positive", a.folds));
  for (const double rate : a.far)
    check(rate >= 0 && rate <= 1, fmt::format("--far {} is not in [0, 1]", rate));
  check(a.decisions.empty() || a.decisions.ends_with(".npy"),
        fmt::format("--decisions {} must end in .npy", a.decisions));
  const bool flipped = !a.flipped.empty() || a.concatenated_flip;
  check(a.model.empty() || !flipped, "--model makes its own mirrored rows: no --flipped, no --concat-flip");
  check(a.scores.empty() || (!flipped && a.pooling.empty()),
        "--scores are of the pairs already: no --flipped, --concat-flip or --pooling");
}

// Nothing is computed for an output that cannot be written.
void check_outputs(const std::string& name, const EvaluationArguments& a, const Plan& plan,
                   const std::string& out) {
  if (!a.decisions.empty() && plan.pair_lists.empty())
    throw UsageError(name + ": --decisions: it has no pair list whose decisions could be kept");
  for (const std::string& file : {out, a.decisions}) {
    if (file.empty()) continue;
    FR_CHECK(!is_folder(file), "{}: is a folder, not a file to write", file);
    const AtomicFile writable(file);
  }
}

// The one of --embeddings, --model and --scores that is given.
const std::string& evaluated_file(const std::string& name, const EvaluationArguments& a) {
  const std::string* given = nullptr;
  for (const std::string* file : {&a.embeddings, &a.model, &a.scores}) {
    if (file->empty()) continue;
    if (given != nullptr) throw UsageError(name + ": give only one of --embeddings, --model and --scores");
    given = file;
  }
  if (given == nullptr) {
    throw UsageError(name + ": give one of --embeddings FILE, --model FILE and --scores FILE (or --plan)");
  }
  return *given;
}

}  // namespace

void add_score_device(Options& options, std::string& device) {
  options.choice("--device", device, {"auto", "cpu", "cuda"}, "of streamed scores: where; the same numbers");
}

std::unique_ptr<Backend> score_backend(const std::string& device) {
  if (parse_device(device) == Device::kCpu || (device == "auto" && !has_module("cuda"))) return nullptr;
  return make_backend("cuda");
}

void add_evaluation(Options& options, const std::string& protocol, EvaluationArguments& a) {
  options
      .add("--data", a.data, "the benchmark ($FR_DATA/" + protocol + "): " + find_protocol(protocol).needs())
      .add("--embeddings", a.embeddings,
           "rows to evaluate: .h5, .npy or a matrix .bin (names in the .txt beside it); "
           "the devkit's folder of .bin files")
      .add("--flipped", a.flipped, "rows of the mirrored images, added to the others")
      .flag("--concat-flip", a.concatenated_flip, "each row is an embedding and that of the mirrored image")
      .add("--model", a.model, "a network to embed the images with (.safetensors)")
      .flag("--no-flip", a.no_flip, "with --model: do not embed mirrored images")
      .add("--backend", a.backend, "with --model: auto, ref, onednn, cuda")
      .add("--batch-size", a.batch_size, "with --model: images at a time")
      .add("--scores", a.scores,
           "scores of the pairs in list order, instead of embeddings: one a line, or .npy; failed: -inf")
      .choice("--scores-are", a.scores_are, {"similarity", "distance"},
              "larger is more alike, or smaller (then failed: inf)")
      .add("--far", a.far, "false accept rates; the first is printed first")
      .add("--folds", a.folds, "folds of the accuracy")
      .add("--pooling", a.pooling, "of templates: N1D1F1 = norm kept, detector score used, flip added")
      .choice("--arith", a.arith, {"auto", "f32", "int8-screen"},
              "of streamed scores: a screen in 8 bits before f32; the same numbers");
  add_score_device(options, a.device);
  options.add("--threads", a.threads, "threads (0: all)")
      .add("--resamples", a.resamples,
           "of the people, for intervals of TAR@FAR, ranks and TPIR (0: none, -1: 1000, but none for TAR of "
           "pair lists above 500,000)")
      .add("--out", a.out, "the result file (results/NAME-MODEL.json)")
      .add("--decisions", a.decisions, "also write every pair's outcome (.npy), for fr-report compare")
      .flag("--plan", a.plan_only, "print the counts of the benchmark and stop")
      .flag("--demo", a.demo, "make a small synthetic benchmark in ./demo-NAME and evaluate its embeddings");
  for (const OwnOption& own : find_protocol(protocol).own_options()) {
    if (own.is_switch) {
      options.flag(own.spelling, a.own_switches[own.spelling], own.help);
      continue;
    }
    std::string& value = a.own[own.spelling] = own.value;
    if (own.choices.empty()) {
      options.add(own.spelling, value, own.help);
    } else {
      options.choice(own.spelling, value, own.choices, own.help);
    }
  }
}

int run_evaluation(const std::string& name, const EvaluationArguments& arguments) {
  parse_device(arguments.device);  // one that cannot be used is refused before anything is read
  if (arguments.demo) return run_evaluation(name, demo_arguments(name, arguments));
  const Protocol& protocol = find_protocol(name);
  const std::string data = find_data(name, arguments.data);
  const std::string file = arguments.plan_only ? "" : evaluated_file(name, arguments);
  check_usage(name, arguments);
  if (arguments.threads > 0) set_thread_count(static_cast<int>(arguments.threads));

  std::optional<Embeddings> rows;
  if (!arguments.embeddings.empty() && !is_folder(arguments.embeddings)) {
    rows = read_embeddings(arguments.embeddings);
  }
  const auto begin = std::chrono::steady_clock::now();
  const bool embed_images = !arguments.plan_only && !arguments.model.empty();
  ProtocolOptions options{.data = data,
                          .folds = arguments.folds,
                          .images = embed_images,
                          .embeddings = !arguments.plan_only && arguments.scores.empty()};
  if (rows) options.rows = &rows->names;
  for (const auto& [spelling, set] : arguments.own_switches) {
    if (set) options.own[spelling] = "yes";
  }
  for (const OwnOption& option : protocol.own_options()) {
    const auto given = arguments.own.find(option.spelling);
    if (given != arguments.own.end() && given->second != option.value) options.own.insert(*given);
  }
  if (!arguments.scores.empty() && !options.own.empty())
    throw UsageError(name + ": " + options.own.begin()->first + " is of embeddings, not of --scores");
  const Plan plan = protocol.plan(options);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  if (arguments.plan_only) {
    print_plan(protocol, plan);
    return 0;
  }
  const std::string model = model_name(file);
  const std::string out =
      arguments.out.empty() ? fmt::format("results/{}-{}.json", name, model) : arguments.out;
  check_outputs(name, arguments, plan, out);
  PairOutcomes outcomes;
  EvaluateOptions evaluation = evaluate_options(arguments, arguments.decisions.empty() ? nullptr : &outcomes);
  std::unique_ptr<Backend> scorer;
  if (plan.distractor_search || !plan.searches.empty()) {
    scorer = score_backend(arguments.device);
    evaluation.backend = scorer.get();
    if (scorer) evaluation.device = scorer->device();
  }
  evaluation.progress_file = out + ".progress";
  evaluation.progress_key = input_identity(arguments);
  std::optional<Result> evaluated = embed_images ? evaluate_model(plan, protocol, arguments, evaluation)
                                    : arguments.scores.empty()
                                        ? evaluate_file(plan, std::move(rows), arguments, evaluation)
                                        : evaluate_given_scores(plan, arguments, evaluation);
  if (!evaluated) return 0;
  Result& result = *evaluated;
  place_result(result, data, model);
  result.timing["plan"] = seconds.count();

  print_result(result,
               arguments.far.empty() ? protocol.first_metric() : "tar@far=" + rate_text(arguments.far[0]));
  if (!arguments.decisions.empty()) {
    write_outcomes(arguments.decisions, outcomes, out, result);
    fmt::print("{}\n", arguments.decisions);
  }
  write_result(out, result);
  fs::remove(evaluation.progress_file);
  fmt::print("{}\n", out);
  return 0;
}

int protocol_main(const std::string& protocol, int argc, char** argv) {
  const std::string program = "fr-eval-" + protocol;
  if (find_protocol(protocol).ranked()) {
    RankingArguments ranking;
    Options options(program, find_protocol(protocol).title(), ranking_example(program));
    add_ranking(options, ranking);
    return options.run(argc, argv, [&] { return run_ranking(protocol, ranking); });
  }
  EvaluationArguments arguments;
  Options options(program, find_protocol(protocol).title(), example(program));
  add_evaluation(options, protocol, arguments);
  return options.run(argc, argv, [&] { return run_evaluation(protocol, arguments); });
}

}  // namespace fr
