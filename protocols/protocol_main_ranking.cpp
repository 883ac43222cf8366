// The command line of protocols that are rankings: lists from embeddings by identity centres, from
// classifiers over embeddings, or from somebody's submission file.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>

#include "../apps/options.h"
#include "backend/backend.h"
#include "core/device_memory.h"
#include "core/error.h"
#include "core/files.h"
#include "core/parallel.h"
#include "embed/classifier_ranking.h"
#include "eval/centre_ranking.h"
#include "eval/identity_lists.h"
#include "eval/protocol.h"
#include "protocol_main.h"
#include "store/store.h"

namespace fr {

namespace {

void check_usage(const std::string& name, const RankingArguments& a) {
  if (a.submission.empty() == a.embeddings.empty()) {
    throw UsageError(name +
                     ": give --embeddings FILE (with --model FILE for a classifier), or --submission FILE "
                     "(or --plan)");
  }
  if (!a.submission.empty() && (!a.models.empty() || !a.weights.empty() || !a.write_submission.empty())) {
    throw UsageError(name +
                     ": --submission FILE is ranked already: no --model, --weights or --write-submission");
  }
  if (!a.models.empty() && a.embeddings.size() != 1 && a.embeddings.size() != a.models.size()) {
    throw UsageError(fmt::format("{}: {} --embeddings for {} --model: one for all of them, or one for each",
                                 name, a.embeddings.size(), a.models.size()));
  }
  const size_t members = std::max(a.models.size(), a.embeddings.size());
  if (!a.weights.empty() && a.weights.size() != members)
    throw UsageError(fmt::format("{}: {} --weights for {} members", name, a.weights.size(), members));
  for (const double weight : a.weights) {
    if (!(weight > 0 && weight < 1e9))
      throw UsageError(fmt::format("{}: --weights {} is not positive", name, weight));
  }
}

std::string ensemble_text(const std::vector<std::string>& members, const std::vector<double>& weights) {
  std::string text;
  for (size_t i = 0; i < members.size(); ++i)
    text += fmt::format("{}{} (weight {})", i > 0 ? ", " : "", members[i], weights[i]);
  return text;
}

void describe_sources(const Plan& plan, std::span<const ItemVectors> sources, Result& result) {
  const Ranking& ranking = plan.rankings.at(0);
  for (const ItemVectors& source : sources) {
    result.counts["missing_rows"] += source.missing();
    result.counts["unusable_rows"] += source.unusable();
    result.counts["extra_rows"] += source.extra();
    result.model["embeddings"] += (result.model["embeddings"].empty() ? "" : ", ") + source.text();
  }
  std::vector<int64_t> all(plan.items.size());
  std::iota(all.begin(), all.end(), int64_t{0});
  const auto failed = [&](const std::vector<int64_t>& items) {
    return std::ssize(items) - std::ssize(usable_items(items, sources));
  };
  result.counts["failed_items"] = failed(all);
  result.counts["failed_candidates"] = failed(ranking.candidates);
}

RankedLists rank_by_embeddings(const Plan& plan, const RankingArguments& a, Result& result) {
  const Ranking& ranking = plan.rankings.at(0);
  std::vector<ItemVectors> sources;
  for (const std::string& files : a.embeddings) sources.emplace_back(plan, read_weighted_embeddings(files));
  describe_sources(plan, sources, result);
  std::vector<double> weights = a.weights;
  weights.resize(std::max(a.models.size(), a.embeddings.size()), 1);
  if (weights.size() > 1)
    result.variant["ensemble"] = ensemble_text(a.models.size() > 1 ? a.models : a.embeddings, weights);
  if (a.models.empty()) {
    result.variant["score"] =
        "cosine to the unit mean of an identity's unit example videos, f32; weighted mean "
        "over an ensemble";
    result.variant["examples"] = a.validation_examples ? "train_gt.txt and val_gt.txt" : "train_gt.txt";
    const std::unique_ptr<Backend> scorer = score_backend(a.device);
    const Device device = scorer ? scorer->device() : Device::kCpu;
    result.environment["score_device"] = name_of(device);
    return rank_by_centres(ranking, sources, weights, {.device = device, .backend = scorer.get()});
  }
  const std::unique_ptr<Backend> backend = make_backend(a.backend);
  std::vector<std::unique_ptr<Classifier>> classifiers;
  for (const std::string& model : a.models) {
    classifiers.push_back(std::make_unique<Classifier>(model, *backend));
    result.model["hash"] +=
        (classifiers.size() > 1 ? ", " : "") + classifiers.back()->network().parameters_hash();
  }
  result.model["network"] = classifiers[0]->network().name();
  result.model["file"] = fmt::format("{}", fmt::join(a.models, ", "));
  result.environment["backend"] = backend->name();
  result.variant["score"] = "class probability; weighted mean over an ensemble";
  return rank_by_classifiers(ranking, classifiers, sources, weights);
}

void print_ranking(const Result& result, const std::string& headline) {
  print_metric(headline, result.metrics.at(headline));
  const auto& counts = result.counts;
  fmt::print("{} identities, {} videos, {} of the {} true ones found; {} identities without a list\n",
             counts.at("identities"), counts.at("candidates"), counts.at("found_videos"),
             counts.at("true_videos"), counts.at("unanswered_identities"));
  if (!counts.contains("failed_items")) return;
  if (counts.at("failed_items") > 0 || counts.at("extra_rows") > 0) {
    fmt::print("failed: {} videos, {} of them to be ranked; {} rows missing, {} unusable, {} name no video\n",
               counts.at("failed_items"), counts.at("failed_candidates"), counts.at("missing_rows"),
               counts.at("unusable_rows"), counts.at("extra_rows"));
  }
}

}  // namespace

std::string ranking_example(const std::string& program) {
  return program + " --data DIR --embeddings face.h5\n  " + program +
         " --data DIR --embeddings face.h5,scene.h5:0.3 --model mlp/model.safetensors\n  " + program +
         " --data DIR --embeddings a.h5 b.h5 --model a.safetensors b.safetensors --weights 1 0.5\n  " +
         program + " --data DIR --submission submission.txt";
}

void add_ranking(Options& options, RankingArguments& a) {
  options.add("--data", a.data, "folder with the official lists ($FR_DATA/NAME)")
      .add("--embeddings", a.embeddings,
           "rows named by video, or by frame (VIDEO/… or VIDEO_…, averaged): FILE[:WEIGHT],… are put side by "
           "side; several are an ensemble")
      .add("--model", a.models,
           "classifiers over the embeddings (fr-train --network mlp); without one, identity centres")
      .add("--weights", a.weights, "of the members of an ensemble (all 1)")
      .add("--submission", a.submission,
           "evaluate this file: 'id video1 video2 …', at most 100 videos a line")
      .flag("--cut-submission", a.cut_submission, "cut longer lines at 100 in place of refusing them")
      .add("--write-submission", a.write_submission, "write the ranked lists to this file")
      .flag("--val-examples", a.validation_examples, "val_gt.txt gives examples, too, beside train_gt.txt")
      .add("--backend", a.backend, "with --model: auto, ref, onednn, cuda");
  add_score_device(options, a.device);
  options.add("--threads", a.threads, "threads (0: all)")
      .add("--out", a.out, "the result file (results/NAME-MODEL.json)")
      .flag("--plan", a.plan_only, "print the counts of the benchmark and stop")
      .flag("--demo", a.demo, "make a small synthetic benchmark in ./demo-NAME and evaluate its embeddings");
}

int run_ranking(const std::string& name, const RankingArguments& a) {
  parse_device(a.device);  // one that cannot be used is refused before anything is read
  if (a.demo) return run_ranking(name, demo_arguments(name, a));
  const Protocol& protocol = Registry<ProtocolKind>::instance().find(name)();
  const std::string data = find_data(name, a.data);
  if (!a.plan_only) check_usage(name, a);
  if (a.threads > 0) set_thread_count(static_cast<int>(a.threads));
  const Plan plan = protocol.plan({.data = data, .validation_examples = a.validation_examples});
  if (a.plan_only) {
    print_plan(protocol, plan);
    return 0;
  }
  const Ranking& ranking = plan.rankings.at(0);
  Result result;
  result.protocol = name;
  result.dataset = {{"name", name}, {"list", plan.list}, {"hash", plan.content_hash}};
  result.environment = describe_environment();
  result.counts["items"] = std::ssize(plan.items);
  result.variant["ties"] = "equal scores in the order of the candidates";
  const auto begin = std::chrono::steady_clock::now();
  RankedLists lists;
  if (a.submission.empty()) {
    lists = rank_by_embeddings(plan, a, result);
  } else {
    lists = parse_submission(MappedFile(a.submission).text(), a.submission, plan, ranking, a.cut_submission);
    result.variant["score"] = "lists as submitted";
    result.model["file"] = a.submission;
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  result.timing["rank"] = seconds.count();
  add_ranking_metrics(ranking, lists, result);
  print_ranking(result, protocol.first_metric());
  if (!a.write_submission.empty()) write_file(a.write_submission, submission_text(plan, ranking, lists));
  const std::string& member = !a.models.empty()       ? a.models[0]
                              : !a.embeddings.empty() ? a.embeddings[0]
                                                      : a.submission;
  const std::string model = model_name(member.substr(0, member.find_first_of(",:")));
  place_result(result, data, model);
  const std::string out = a.out.empty() ? fmt::format("results/{}-{}.json", name, model) : a.out;
  write_result(out, result);
  fmt::print("{}\n", out);
  return 0;
}

}  // namespace fr
