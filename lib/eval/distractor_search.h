// The scores of a DistractorSearch (spec 6.3, 6.6), streamed: probes x distractors are 3.5e9 scores for
// MegaFace and 4.3e11 for Trillion-Pairs, of which only what decides the metrics is kept.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "eval/plan.h"
#include "eval/pool.h"
#include "eval/score_sinks.h"

namespace fr {

// The genuine trials: probe p is sought by each other probe of its person. "Place": an index into
// DistractorSearch::probes.
struct Trials {
  std::vector<int64_t> begin;  // (probes + 1): those of place p are [begin[p], begin[p + 1])
  std::vector<int64_t> mates;  // (trials) places, ascending for each probe
  int64_t people = 0;          // with at least one probe
  int64_t cross = 0;           // ordered pairs of probes of different people
  int64_t count() const { return std::ssize(mates); }
};
// Throws fr::Error where the lists ask for more than 1e8 trials.
Trials make_trials(const DistractorSearch& search, std::span<const int64_t> subjects);

inline constexpr int64_t kResumedPairs = 20'000'000'000;  // about two minutes of two cores

// What to keep of the impostor scores.
struct DistractorDemand {
  int64_t rank_limit = 0;            // ranks are counted up to this; 0: not at all
  bool best = false;                 // each probe's best distractor
  int64_t tail = 0, cross_tail = 0;  // how many of the largest scores
  bool histogram = false;            // of all of them
  Arith arith = Arith::kAuto;
  Device device = Device::kCpu;
  Backend* backend = nullptr;               // where device is a GPU
  std::string progress{};                   // title of the progress line
  std::string resume_file{}, resume_key{};  // of StreamOptions; used from kResumedPairs on
};

// A failed probe or distractor has no scores: it is missed, or rejected. The caller counts it.
struct DistractorScores {
  std::vector<float> genuine;          // (trials) probe with mate; -infinity where either failed
  std::vector<RankSink::Above> above;  // (trials) distractors that score as much as the mate, and more
  std::vector<float> best;             // (probes) -infinity: nothing compared
  std::vector<float> tail;             // the largest probe x distractor scores, descending,
  std::vector<int64_t> tail_places;    // and the places of their probes
  std::vector<float> cross_tail;       // the largest of those and of the cross pairs, descending
  std::vector<int64_t> histogram;      // probe x distractor scores, bins of HistogramSink; or empty
  int64_t usable_probes = 0, usable_distractors = 0;
};

// features: of the plan's items, a failed one null. Distractors that search.noise marks match nothing.
DistractorScores score_distractors(const DistractorSearch& search, std::span<const int64_t> subjects,
                                   const Trials& trials, const ItemFeatures& features,
                                   const DistractorDemand& demand);

}  // namespace fr
