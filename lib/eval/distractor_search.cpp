#include "eval/distractor_search.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <unordered_map>

#include "core/error.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "eval/pair_score.h"
#include "eval/unit_rows.h"

namespace fr {

namespace {

constexpr float kFailed = -std::numeric_limits<float>::infinity();
constexpr int64_t kMostTrials = 100'000'000;  // 24 bytes each

// Items that can be compared, and where in their list they stand.
struct Usable {
  std::vector<int64_t> places;
  UnitRows rows;
};

Usable usable(const std::vector<int64_t>& list, const ItemFeatures& features,
              std::span<const uint8_t> left_out) {
  std::vector<int64_t> places, items;
  for (size_t i = 0; i < list.size(); ++i) {
    const auto item = static_cast<size_t>(list[i]);
    if (features.original[item] == nullptr || (!left_out.empty() && left_out[item] != 0)) continue;
    places.push_back(static_cast<int64_t>(i));
    items.push_back(list[i]);
  }
  return {std::move(places), UnitRows(features, std::move(items))};
}

// Of a thousand rows spread evenly: tells a run's embeddings from those of another, however they came about.
std::string sample_hash(const UnitRows& rows) {
  constexpr int64_t kSample = 1000;
  Hasher hash;
  std::vector<float> row(static_cast<size_t>(rows.set().dim));
  for (int64_t i = 0; i < std::min(kSample, rows.count()); ++i) {
    rows.read(i * rows.count() / std::min(kSample, rows.count()), row.data());
    hash.add(std::as_bytes(std::span(row)));
  }
  return hash.text();
}

// Each pair of mates is scored once: pair_score(a, b) = pair_score(b, a).
std::vector<float> score_trials(const Trials& trials, const Usable& probes, int64_t dim) {
  std::vector<int64_t> row_of(trials.begin.size() - 1, -1);
  for (size_t i = 0; i < probes.places.size(); ++i) {
    row_of[static_cast<size_t>(probes.places[i])] = static_cast<int64_t>(i);
  }
  std::vector<float> scores(trials.mates.size(), kFailed);
  const auto trial_of = [&](int64_t probe, int64_t mate) {  // mates ascend
    const auto first = trials.mates.begin() + trials.begin[static_cast<size_t>(probe)];
    const auto last = trials.mates.begin() + trials.begin[static_cast<size_t>(probe) + 1];
    return std::lower_bound(first, last, mate) - trials.mates.begin();
  };
  parallel_for(std::ssize(row_of), [&](int64_t p) {
    const auto place = static_cast<size_t>(p);
    if (row_of[place] < 0) return;
    std::vector<float> probe(static_cast<size_t>(dim)), mate(probe.size());
    probes.rows.read(row_of[place], probe.data());
    for (int64_t t = trials.begin[place]; t < trials.begin[place + 1]; ++t) {
      const int64_t other = trials.mates[static_cast<size_t>(t)];
      const int64_t row = row_of[static_cast<size_t>(other)];
      if (other < p || row < 0) continue;
      probes.rows.read(row, mate.data());
      const float score = pair_score(probe.data(), mate.data(), dim);
      scores[static_cast<size_t>(t)] = scores[static_cast<size_t>(trial_of(other, p))] = score;
    }
  });
  return scores;
}

// The finite scores of each usable probe's trials.
std::vector<std::vector<float>> mate_scores(const Trials& trials, const std::vector<int64_t>& places,
                                            const std::vector<float>& genuine) {
  std::vector<std::vector<float>> result(places.size());
  for (size_t i = 0; i < places.size(); ++i) {
    const auto place = static_cast<size_t>(places[i]);
    const auto first = genuine.begin() + trials.begin[place],
               last = genuine.begin() + trials.begin[place + 1];
    std::copy_if(first, last, std::back_inserter(result[i]), [](float score) { return score != kFailed; });
  }
  return result;
}

// A trial with a failed side is missed at every rank.
std::vector<RankSink::Above> above_of_trials(const Trials& trials, const std::vector<int64_t>& places,
                                             const std::vector<float>& genuine, const RankSink& sink) {
  constexpr int64_t never = std::numeric_limits<int64_t>::max();
  std::vector<RankSink::Above> result(genuine.size(), {never, never});
  for (size_t i = 0; i < places.size(); ++i) {
    const auto place = static_cast<size_t>(places[i]);
    for (auto t = static_cast<size_t>(trials.begin[place]); t < static_cast<size_t>(trials.begin[place + 1]);
         ++t) {
      if (genuine[t] != kFailed) result[t] = sink.above(static_cast<int64_t>(i), genuine[t]);
    }
  }
  return result;
}

// The largest scores of pairs of two people's probes, both ways, together with `tail`.
std::vector<float> cross_tail_of(const DistractorSearch& search, std::span<const int64_t> subjects,
                                 const Usable& probes, std::vector<float> tail,
                                 const DistractorDemand& demand) {
  const int64_t keep = demand.cross_tail;
  Subjects people;
  for (const int64_t place : probes.places) {
    const int64_t item = search.probes[static_cast<size_t>(place)];
    people.probes.push_back(subjects[static_cast<size_t>(item)]);
  }
  people.gallery = people.probes;
  TailSink cross(keep, std::move(people));
  ScoreSink* const sinks[] = {&cross};
  stream_scores(probes.rows.set(), probes.rows.set(), sinks, {},
                {.arith = demand.arith, .device = demand.device, .backend = demand.backend});
  const std::vector<float> further = cross.largest();
  const auto middle = tail.insert(tail.end(), further.begin(), further.end());
  std::inplace_merge(tail.begin(), middle, tail.end(), std::greater<>());
  if (std::ssize(tail) > keep) tail.resize(static_cast<size_t>(keep));
  return tail;
}

}  // namespace

Trials make_trials(const DistractorSearch& search, std::span<const int64_t> subjects) {
  std::unordered_map<int64_t, std::vector<int64_t>> people;  // subject -> places, ascending
  const auto subject_of = [&](size_t place) { return subjects[static_cast<size_t>(search.probes[place])]; };
  for (size_t place = 0; place < search.probes.size(); ++place) {
    people[subject_of(place)].push_back(static_cast<int64_t>(place));
  }
  const auto probes = std::ssize(search.probes);
  Trials trials;
  trials.people = std::ssize(people);
  trials.cross = probes * probes;
  int64_t count = 0;
  for (const auto& [subject, places] : people) {
    count += std::ssize(places) * (std::ssize(places) - 1);
    trials.cross -= std::ssize(places) * std::ssize(places);
  }
  FR_CHECK(count <= kMostTrials, "{} probes of {} people make {} genuine trials; at most {} are possible",
           probes, trials.people, count, kMostTrials);
  trials.begin.push_back(0);
  trials.mates.reserve(static_cast<size_t>(count));
  for (size_t place = 0; place < search.probes.size(); ++place) {
    for (const int64_t mate : people[subject_of(place)]) {
      if (mate != static_cast<int64_t>(place)) trials.mates.push_back(mate);
    }
    trials.begin.push_back(trials.count());
  }
  return trials;
}

DistractorScores score_distractors(const DistractorSearch& search, std::span<const int64_t> subjects,
                                   const Trials& trials, const ItemFeatures& features,
                                   const DistractorDemand& demand) {
  const Usable probes = usable(search.probes, features, {});
  const Usable distractors = usable(search.distractors, features, search.noise);
  DistractorScores result;
  result.usable_probes = probes.rows.count();
  result.usable_distractors = distractors.rows.count();
  result.genuine = score_trials(trials, probes, features.dim);

  std::vector<ScoreSink*> sinks;
  std::unique_ptr<RankSink> ranks;
  if (demand.rank_limit > 0) {
    ranks = std::make_unique<RankSink>(mate_scores(trials, probes.places, result.genuine), Subjects{},
                                       demand.rank_limit);
    sinks.push_back(ranks.get());
  }
  std::unique_ptr<TopKSink> best;
  if (demand.best) {
    best = std::make_unique<TopKSink>(result.usable_probes, 1);
    sinks.push_back(best.get());
  }
  TailSink tail(std::max<int64_t>(demand.tail, 1));
  sinks.push_back(&tail);
  std::vector<TileSink*> tiles;
  std::unique_ptr<HistogramSink> histogram;
  if (demand.histogram) {
    histogram = std::make_unique<HistogramSink>();
    tiles.push_back(histogram.get());
  }
  StreamOptions options{
      .arith = demand.arith, .device = demand.device, .backend = demand.backend, .progress = demand.progress};
  if (result.usable_probes * result.usable_distractors >= kResumedPairs) {
    options.resume_file = demand.resume_file;
    options.resume_key = fmt::format("{}, rows {} and {}, tail {}, ranks to {}{}", demand.resume_key,
                                     sample_hash(probes.rows), sample_hash(distractors.rows), demand.tail,
                                     demand.rank_limit, demand.best ? ", best" : "");
  }
  stream_scores(probes.rows.set(), distractors.rows.set(), sinks, tiles, options);

  if (ranks) {
    result.above = above_of_trials(trials, probes.places, result.genuine, *ranks);
  }
  if (best) {
    result.best.assign(search.probes.size(), kFailed);
    for (size_t i = 0; i < probes.places.size(); ++i) {
      const std::vector<TopKSink::Hit> hit = best->best(static_cast<int64_t>(i));
      if (!hit.empty()) result.best[static_cast<size_t>(probes.places[i])] = hit[0].score;
    }
  }
  for (const TailSink::Hit& hit : tail.hits()) {
    result.tail.push_back(hit.score);
    result.tail_places.push_back(probes.places[static_cast<size_t>(hit.probe)]);
  }
  if (histogram) result.histogram = histogram->counts();
  if (demand.cross_tail > 0) {
    result.cross_tail = cross_tail_of(search, subjects, probes, result.tail, demand);
  }
  return result;
}

}  // namespace fr
