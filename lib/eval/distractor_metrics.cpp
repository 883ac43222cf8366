#include "eval/distractor_metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "core/error.h"
#include "eval/bootstrap.h"
#include "eval/devkit_json.h"
#include "eval/metrics.h"
#include "eval/noise.h"
#include "eval/search_bootstrap.h"

namespace fr {

namespace {

constexpr int64_t kCmcRanks = 100;               // of the curve
constexpr int64_t kMostKept = int64_t{1} << 25;  // impostor scores; 256 MB a thread
constexpr double kCurveFar = 1e-5;               // the exact ROC curve is drawn up to here
constexpr int64_t kWorthProgress = 100'000'000;  // scores

const char* const kPessimistic = "pessimistic: a distractor with the mate's score ranks before it";

// How many of `impostors` scores decide all these rates.
int64_t tail_for(std::span<const double> rates, int64_t impostors) {
  int64_t most = 0;
  for (const double rate : rates) {
    const int64_t kept = std::min(allowed_false_accepts(rate, impostors) + 1, impostors);
    FR_CHECK(kept <= kMostKept,
             "FAR {} of {} impostor pairs is decided by {} scores; at most {} can be kept (FAR {:.2g})",
             rate_text(rate), impostors, kept, kMostKept,
             static_cast<double>(kMostKept) / static_cast<double>(impostors));
    most = std::max(most, kept);
  }
  return most;
}

std::vector<double> descending(std::span<const float> scores) {
  std::vector<double> result;
  result.reserve(scores.size());
  std::copy_if(scores.begin(), scores.end(), std::back_inserter(result),
               [](float s) { return std::isfinite(s); });
  std::sort(result.begin(), result.end(), std::greater<>());
  return result;
}

// Each genuine pair once where it is not `ordered`.
std::vector<float> genuine_pairs(const Trials& trials, const std::vector<float>& genuine, bool ordered) {
  if (ordered) return genuine;
  std::vector<float> once;
  for (size_t p = 0; p + 1 < trials.begin.size(); ++p) {
    for (auto t = static_cast<size_t>(trials.begin[p]); t < static_cast<size_t>(trials.begin[p + 1]); ++t) {
      if (trials.mates[t] > static_cast<int64_t>(p)) once.push_back(genuine[t]);
    }
  }
  return once;
}

// The exact ROC as far as the tail goes: what lies below its last score is not known.
Roc known_roc(const SortedScores& sorted, int64_t compared) {
  Roc roc{{RocPoint{}}, sorted.genuine_total(), sorted.impostor_total()};
  const bool all = std::ssize(sorted.impostor) == compared;
  visit_roc(sorted, [&](const RocPoint& point) {
    if (all || point.threshold > sorted.impostor.back()) roc.points.push_back(point);
  });
  return roc;
}

// Goes on at the lower edges of the histogram's bins, down to the failed pairs.
void extend_roc(const std::vector<int64_t>& histogram, const SortedScores& sorted, Roc& roc) {
  std::vector<int64_t> genuine(histogram.size());
  for (const double score : sorted.genuine) {
    ++genuine[static_cast<size_t>(ScoreBins::of(static_cast<float>(score)))];
  }
  RocPoint point;
  for (size_t bin = histogram.size(); bin-- > 0;) {
    point.threshold = ScoreBins::lower_edge(static_cast<int64_t>(bin));
    point.fp += histogram[bin];
    point.tp += genuine[bin];
    if (point.fp > roc.points.back().fp && point.tp >= roc.points.back().tp) roc.points.push_back(point);
  }
  roc.points.push_back({-std::numeric_limits<double>::infinity(), roc.impostor, roc.genuine});
}

Curve cmc_curve(std::span<const RankSink::Above> above, int64_t ranks) {
  std::vector<int64_t> found(static_cast<size_t>(ranks) + 1);
  for (const RankSink::Above& trial : above) ++found[static_cast<size_t>(std::min(trial.at_least, ranks))];
  Curve curve{"cmc", {}, {}, "rank", "identification rate"};
  int64_t hits = 0;
  for (int64_t rank = 1; rank <= ranks; ++rank) {
    hits += found[static_cast<size_t>(rank) - 1];
    curve.x.push_back(static_cast<double>(rank));
    curve.y.push_back(static_cast<double>(hits) / static_cast<double>(std::ssize(above)));
  }
  return curve;
}

void add_ranks(const DistractorSearch& search, const DistractorScores& scores, Result& result) {
  const auto trials = std::ssize(scores.above);
  for (const int64_t rank : search.ranks) {
    const std::string name = fmt::format("rank-{}", rank);
    const std::string rule = fmt::format("fewer than {} distractors score ", rank);
    result.metrics[name] = proportion(rank_hits(scores.above, rank, true), trials,
                                      rule + "as much as the mate (pessimistic ties)");
    result.metrics[name + "/optimistic"] = proportion(rank_hits(scores.above, rank, false), trials,
                                                      rule + "more than the mate (optimistic ties)");
  }
  if (trials > 0) {
    result.curves.push_back(cmc_curve(scores.above, std::min(kCmcRanks, std::ssize(search.distractors) + 1)));
  }
}

void add_rates(const std::vector<double>& rates, const SortedScores& sorted, const std::string& impostors,
               const std::string& suffix, Result& result) {
  for (const double rate : rates) {
    const TarAtFar tar = tar_at_far(sorted, rate);
    result.metrics["tar@far=" + rate_text(rate) + suffix] =
        tar_metric(tar, sorted, 1,
                   fmt::format("largest FPR <= x: score > threshold, {} of {} impostors ({}) allowed", tar.k,
                               sorted.impostor_total(), impostors));
  }
}

void add_identification(const DistractorSearch& search, const Trials& trials, const DistractorScores& scores,
                        Result& result) {
  for (const double rate : search.fpir) {
    const Identification id = identify(trials, scores, rate);
    Metric metric = proportion(
        id.hits, trials.count(),
        fmt::format(
            "mate above the best distractor and above the threshold that {} of {} best distractors exceed",
            id.k, scores.best.size()));
    metric.threshold = id.threshold;
    metric.far = rate;
    result.metrics["tpir@fpir=" + rate_text(rate)] = std::move(metric);
  }
}

// Says in the variant what became of the noise lists, and replaces the rows that are to be.
std::vector<float> prepare_noise(const Plan& plan, const EvaluateOptions& options, DistractorSearch& search,
                                 ItemFeatures& features, Result& result) {
  if (!search.noise.empty()) {
    return replace_noise_probes(
        plan, features, options.noise_vector ? options.noise_vector : seeded_noise(search.noise_seed));
  }
  if (mark_cleaned_features(search, features)) {
    result.variant["noise"] =
        "replaced in the features themselves (last value 0, or 100 for a noise distractor)";
    result.variant["refined"] = "R";
  }
  return {};
}

int64_t count_noise(const DistractorSearch& search, const std::vector<int64_t>& items) {
  if (search.noise.empty()) return 0;
  return std::count_if(items.begin(), items.end(),
                       [&](int64_t item) { return search.noise[static_cast<size_t>(item)] != 0; });
}

DistractorDemand demand_of(const DistractorSearch& search, const Trials& trials,
                           const std::vector<double>& rates, bool every_rank) {
  const int64_t distractors = std::ssize(search.distractors);
  const int64_t impostors = std::ssize(search.probes) * distractors;
  DistractorDemand demand{.best = !search.fpir.empty()};
  if (impostors >= kWorthProgress) demand.progress = "scores";
  if (!search.ranks.empty()) {
    demand.rank_limit =
        every_rank ? distractors + 1 : std::max(kCmcRanks, *std::ranges::max_element(search.ranks));
  }
  // Resampled people may ask for more of the scores than all of them together.
  const int64_t tail = tail_for(rates, impostors);
  demand.tail = std::max({tail, std::min({2 * tail, impostors, kCurveScores}),
                          std::min(allowed_false_accepts(kCurveFar, impostors) + 1, kCurveScores)});
  if (search.cross_probes) {
    demand.cross_tail = tail_for(rates, impostors + trials.cross);
    demand.tail = std::max(demand.tail, demand.cross_tail);
  }
  return demand;
}

// Intervals of ranks, TAR and TPIR by resampled people.
void resample_search(const DistractorSearch& search, std::span<const int64_t> subjects, const Trials& trials,
                     const DistractorScores& scores, const std::vector<double>& rates, int64_t resamples,
                     Result& result) {
  std::vector<int64_t> of_places;
  for (const int64_t item : search.probes) of_places.push_back(subjects[static_cast<size_t>(item)]);
  SearchBootstrap bootstrap(of_places);
  const auto person = [&](int64_t place) { return bootstrap.person(of_places[static_cast<size_t>(place)]); };
  ThresholdSearch verification{{}, bootstrap.zeros(), {}, bootstrap.zeros()}, identification = verification;
  std::vector<double> all = bootstrap.zeros();
  std::vector<std::vector<double>> found(2 * search.ranks.size(), all);
  for (int64_t place = 0; place < std::ssize(of_places); ++place) {
    const int32_t whose = person(place);
    const auto at = static_cast<size_t>(whose);
    verification.deciding_trials[at] += static_cast<double>(search.distractors.size());
    if (!scores.best.empty()) {
      identification.deciding_trials[at] += 1;
      identification.deciding.push_back({scores.best[static_cast<size_t>(place)], whose});
    }
    for (auto t = static_cast<size_t>(trials.begin[static_cast<size_t>(place)]);
         t < static_cast<size_t>(trials.begin[static_cast<size_t>(place) + 1]); ++t) {
      all[at] += 1;
      const float mate = scores.genuine[t];
      if (search.ordered || trials.mates[t] > place) {
        verification.trials[at] += 1;
        if (std::isfinite(mate)) verification.accepted.push_back({mate, whose});
      }
      if (!scores.best.empty() && mate > scores.best[static_cast<size_t>(place)])
        identification.accepted.push_back({mate, whose});
      for (size_t r = 0; r < search.ranks.size(); ++r) {
        found[2 * r][at] += scores.above[t].at_least < search.ranks[r];
        found[2 * r + 1][at] += scores.above[t].more < search.ranks[r];
      }
    }
  }
  identification.trials = all;
  for (size_t i = 0; i < scores.tail.size(); ++i)
    verification.deciding.push_back({scores.tail[i], person(scores.tail_places[i])});

  for (size_t r = 0; r < search.ranks.size(); ++r) {
    const std::string name = fmt::format("rank-{}", search.ranks[r]);
    bootstrap.add_ratio(name, std::move(found[2 * r]), all);
    bootstrap.add_ratio(name + "/optimistic", std::move(found[2 * r + 1]), all);
  }
  const size_t verified = bootstrap.add_search(std::move(verification));
  for (const double rate : rates)
    bootstrap.add_rate("tar@far=" + rate_text(rate), {verified}, rate, FpirRule::kExact);
  const size_t identified = bootstrap.add_search(std::move(identification));
  for (const double rate : search.fpir)
    bootstrap.add_rate("tpir@fpir=" + rate_text(rate), {identified}, rate, FpirRule::kExact);
  bootstrap.set_intervals(resamples, result);
}

void add_counts(const DistractorSearch& search, const Trials& trials, const DistractorScores& scores,
                const SortedScores& sorted, Result& result) {
  const int64_t probes = std::ssize(search.probes), distractors = std::ssize(search.distractors);
  const int64_t noise = count_noise(search, search.distractors);
  result.counts.insert(
      {{"probes", probes},
       {"people", trials.people},
       {"distractors", distractors},
       {"trials", trials.count()},
       {"genuine", sorted.genuine_total()},
       {"impostor", sorted.impostor_total()},
       {"pairs", sorted.genuine_total() + sorted.impostor_total()},
       {"failed_probes", probes - scores.usable_probes},
       {"failed_distractors", distractors - scores.usable_distractors - noise},
       {"failed_genuine", sorted.failed_genuine},
       {"failed_impostor", probes * distractors - scores.usable_probes * scores.usable_distractors},
       {"noise_probes", count_noise(search, search.probes)},
       {"noise_distractors", noise}});
}

}  // namespace

int64_t rank_hits(std::span<const RankSink::Above> above, int64_t rank, bool pessimistic) {
  return std::count_if(above.begin(), above.end(), [&](const RankSink::Above& trial) {
    return (pessimistic ? trial.at_least : trial.more) < rank;
  });
}

Identification identify(const Trials& trials, const DistractorScores& scores, double fpir) {
  std::vector<float> best = scores.best;
  std::sort(best.begin(), best.end(), std::greater<>());
  Identification id;
  float threshold = -std::numeric_limits<float>::infinity();
  if (!best.empty()) {
    id.k = allowed_false_accepts(fpir, std::ssize(best));
    if (id.k < std::ssize(best)) threshold = best[static_cast<size_t>(id.k)];
  }
  id.threshold = static_cast<double>(threshold);
  for (size_t p = 0; p + 1 < trials.begin.size(); ++p) {
    for (auto t = static_cast<size_t>(trials.begin[p]); t < static_cast<size_t>(trials.begin[p + 1]); ++t) {
      const float mate = scores.genuine[t];
      if (!(mate > threshold)) continue;
      id.hits += mate > scores.best[p];
      id.hits_ties_for_mate += mate >= scores.best[p];
    }
  }
  return id;
}

void add_distractor_search(const Plan& plan, JoinedItems& items, const EvaluateOptions& options,
                           Result& result) {
  DistractorSearch search = *plan.distractor_search;
  for (const auto& [key, value] : search.variant) result.variant[key] = value;
  result.variant["score"] = "dot product of unit vectors, f32, one fma chain";
  result.variant["ties"] = kPessimistic;
  const std::vector<float> replaced = prepare_noise(plan, options, search, items.features, result);

  const Trials trials = make_trials(search, plan.subjects);
  const int64_t impostors = std::ssize(search.probes) * std::ssize(search.distractors);
  std::vector<double> rates = search.far;
  for (const double rate : options.far) {
    if (std::find(rates.begin(), rates.end(), rate) == rates.end()) rates.push_back(rate);
  }
  DistractorDemand demand = demand_of(search, trials, rates, !options.devkit_out.empty());
  demand.arith = options.arith;
  demand.device = options.device;
  demand.backend = options.backend;
  demand.resume_file = options.progress_file;
  demand.resume_key = plan.content_hash + " " + options.progress_key;
  demand.histogram = options.full_roc;
  const DistractorScores scores = score_distractors(search, plan.subjects, trials, items.features, demand);

  SortedScores sorted;
  const std::vector<float> genuine = genuine_pairs(trials, scores.genuine, search.ordered);
  sorted.genuine = descending(genuine);
  sorted.failed_genuine = std::ssize(genuine) - std::ssize(sorted.genuine);
  sorted.impostor = descending(scores.tail);
  sorted.failed_impostor = impostors - std::ssize(sorted.impostor);  // or below any threshold asked for
  add_counts(search, trials, scores, sorted, result);

  add_ranks(search, scores, result);
  add_identification(search, trials, scores, result);
  add_rates(rates, sorted, "probe x distractor", "", result);
  const int64_t resamples = options.resamples.value_or(Resampling{}.resamples);
  if (resamples > 0) resample_search(search, plan.subjects, trials, scores, rates, resamples, result);
  Roc roc = known_roc(sorted, scores.usable_probes * scores.usable_distractors);
  if (!scores.histogram.empty()) extend_roc(scores.histogram, sorted, roc);
  result.curves.push_back(roc_figure(roc, "roc"));
  if (search.cross_probes) {
    sorted.impostor = descending(scores.cross_tail);
    sorted.failed_impostor = impostors + trials.cross - std::ssize(sorted.impostor);
    add_rates(rates, sorted, "probe x distractor and probe x probe of another person", "/cross", result);
  }
  if (!options.devkit_out.empty()) {
    write_devkit_json(options.devkit_out, search, trials, scores.above, result.curves.back());
  }
}

}  // namespace fr
