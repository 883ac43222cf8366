// add_search_metrics: 1:N figures of IJB-B and IJB-C by the corrected rule or the legacy one (spec 6.5).
#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "eval/bootstrap.h"
#include "eval/evaluate.h"
#include "eval/gallery_search.h"
#include "eval/metrics.h"
#include "eval/search_bootstrap.h"

namespace fr {

namespace {

constexpr int64_t kRanks[] = {1, 5, 10};
constexpr double kFpirs[] = {1e-4, 1e-3, 1e-2, 1e-1, 1};

void add_counts(const SearchScores& scores, Result& result) {
  result.counts["gallery_" + scores.name] = scores.gallery;
  result.counts["failed_gallery_" + scores.name] = scores.failed;
  result.counts["mated_" + scores.name] = std::ssize(scores.mates);
  result.counts["strangers_" + scores.name] = std::ssize(scores.strangers);
}

void add_ranks(const std::vector<SearchScores>& galleries, const std::string& suffix, Result& result) {
  for (const int64_t rank : kRanks) {
    int64_t found = 0;
    for (const SearchScores& scores : galleries) found += scores.found(rank);
    result.metrics[fmt::format("rank-{}{}", rank, suffix)] =
        proportion(found, galleries[0].probes(),
                   fmt::format("mates of rank <= {} over all galleries / probe templates; rank = 1 + others "
                               "that score at least as much as the mate",
                               rank));
  }
}

void add_tpir(const std::vector<SearchScores>& galleries, double fpir, FpirRule rule, Result& result) {
  const bool exact = rule == FpirRule::kExact;
  const std::string text =
      exact ? "mate > all others and > the (k+1)-th largest of the n best scores of probes without mate, k/n "
              "<= x"
            : "mate > all others and > number max(floor(n*x) - 1, 0) from 0 of the n best scores of probes "
              "without mate, descending";
  const std::string name = "tpir@fpir=" + rate_text(fpir);
  Metric mean{.rule = "mean over the galleries; " + text};
  double reached = 0;
  for (const SearchScores& scores : galleries) {
    const TpirAtFpir tpir = tpir_at_fpir(scores, fpir, rule);
    mean.value += tpir.tpir / static_cast<double>(galleries.size());
    reached += tpir.fpir / static_cast<double>(galleries.size());
    if (exact || std::isnan(tpir.tpir)) continue;
    Metric metric = proportion(tpir.hits, std::ssize(scores.mates), text);
    metric.threshold = tpir.threshold;
    metric.far = tpir.fpir;
    result.metrics[name + "/" + scores.name] = metric;
  }
  if (!std::isnan(reached)) mean.far = reached;
  result.metrics[name + (exact ? "/exact" : "")] = mean;
}

void add_legacy(const SearchScores& joined, Result& result) {
  add_ranks({joined}, "/legacy", result);
  for (const double rate : kLegacyRates) {
    const LegacyRecall recall = legacy_recall(joined, rate);
    Metric metric = proportion(recall.hits, joined.probes(),
                               "mate > the ceil(probes*x)-th largest score of all non-mates; no FPIR");
    metric.threshold = recall.threshold;
    result.metrics["tpir@fpir=" + rate_text(rate) + "/legacy"] = metric;
  }
}

// Intervals of the ranks and of TPIR by resampled people.
void resample_search(const Plan& plan, const std::vector<SearchScores>& galleries, int64_t resamples,
                     Result& result) {
  std::vector<int64_t> subjects;
  const auto subject = [&](int64_t t) { return plan.subjects[static_cast<size_t>(t)]; };
  for (const int64_t probe : plan.searches[0].probes) subjects.push_back(subject(probe));
  SearchBootstrap bootstrap(subjects);
  const auto person = [&](int64_t t) { return bootstrap.person(subject(t)); };
  const auto count = [&](int64_t t, std::vector<double>& of) { ++of[static_cast<size_t>(person(t))]; };

  std::vector<double> probes = bootstrap.zeros();
  for (const int64_t probe : plan.searches[0].probes) count(probe, probes);
  for (const int64_t rank : kRanks) {
    std::vector<double> hits = bootstrap.zeros();
    for (const SearchScores& scores : galleries) {
      for (const MateScore& mate : scores.mates) {
        if (mate.rank > 0 && mate.rank <= rank) count(mate.probe, hits);
      }
    }
    bootstrap.add_ratio(fmt::format("rank-{}", rank), std::move(hits), probes);
  }
  std::vector<size_t> all;
  for (const SearchScores& scores : galleries) {
    ThresholdSearch search{{}, bootstrap.zeros(), {}, bootstrap.zeros()};
    for (const MateScore& mate : scores.mates) {
      count(mate.probe, search.trials);
      if (mate.score > mate.best_other) search.accepted.push_back({mate.score, person(mate.probe)});
    }
    for (size_t i = 0; i < scores.strangers.size(); ++i) {
      count(scores.stranger_probes[i], search.deciding_trials);
      search.deciding.push_back({scores.strangers[i], person(scores.stranger_probes[i])});
    }
    all.push_back(bootstrap.add_search(std::move(search)));
  }
  for (const double fpir : kFpirs) {
    const std::string name = "tpir@fpir=" + rate_text(fpir);
    bootstrap.add_rate(name, all, fpir, FpirRule::kReference);
    bootstrap.add_rate(name + "/exact", all, fpir, FpirRule::kExact);
    for (size_t g = 0; g < galleries.size(); ++g) {
      const std::string of = name + "/" + galleries[g].name;
      if (result.metrics.contains(of)) bootstrap.add_rate(of, {all[g]}, fpir, FpirRule::kReference);
    }
  }
  bootstrap.set_intervals(resamples, result);
}

}  // namespace

void add_search_metrics(const Plan& plan, const TemplateFeatures& templates, const EvaluateOptions& options,
                        Result& result) {
  const StreamOptions stream{.arith = options.arith, .device = options.device, .backend = options.backend};
  const bool legacy = options.legacy_search;
  result.variant["1:N"] = legacy ? "legacy rule: all galleries as one" : "corrected rule: each gallery alone";
  result.variant["1:N score"] = "dot product of unit vectors, f32";
  result.variant["1:N ties"] =
      "pessimistic: equal scores rank before the mate, and are not above a threshold";
  const std::vector<int64_t>& probes = plan.searches[0].probes;
  result.counts["probes"] = std::ssize(probes);
  result.counts["failed_probes"] = std::count_if(
      probes.begin(), probes.end(), [&](int64_t t) { return templates.failed[static_cast<size_t>(t)] != 0; });
  if (legacy) {
    const SearchScores joined = search_joined_galleries(plan, templates, stream);
    add_counts(joined, result);
    add_legacy(joined, result);
    return;
  }
  std::vector<SearchScores> galleries;
  for (const GallerySearch& search : plan.searches) {
    galleries.push_back(search_gallery(plan, search, templates, 0, stream));
    add_counts(galleries.back(), result);
  }
  add_ranks(galleries, "", result);
  for (const double fpir : kFpirs) {
    add_tpir(galleries, fpir, FpirRule::kReference, result);
    add_tpir(galleries, fpir, FpirRule::kExact, result);
  }
  const int64_t resamples = options.resamples.value_or(Resampling{}.resamples);
  if (resamples > 0) resample_search(plan, galleries, resamples, result);
}

}  // namespace fr
