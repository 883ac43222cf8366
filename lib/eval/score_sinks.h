// The sinks of stream_scores. Each one's memory is O(probes * k) or O(threads * (k + bins)), and what it
// holds at the end does not depend on threads, tiles or order.
#pragma once
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "core/device.h"
#include "core/tensor.h"
#include "eval/score_stream.h"

namespace fr {

// Whom a score is between: a sink with Subjects skips the pairs of one person. Empty: nobody is left out.
struct Subjects {
  std::vector<int64_t> probes, gallery;  // (probes), (gallery rows): equal numbers are one person
  bool same(int64_t probe, int64_t row) const {
    return !probes.empty() && probes[static_cast<size_t>(probe)] == gallery[static_cast<size_t>(row)];
  }
};

// Equal bins over -1 … 1; what lies outside counts to the first or last one.
struct ScoreBins {
  static constexpr int64_t kCount = 1 << 15;
  static FR_HD int32_t of(float score) {
    const float at = (score + 1) * (static_cast<float>(kCount) / 2);
    return static_cast<int32_t>(at < 0 ? 0.0f : at < kCount - 1 ? at : static_cast<float>(kCount - 1));
  }
  static FR_HD double lower_edge(int64_t bin) { return static_cast<double>(2 * bin) / kCount - 1; }
  // Of the scores that count to the bin; rounded, one a little below its edge may.
  static FR_HD float least(int64_t bin) {
    return static_cast<float>(lower_edge(bin) - std::numeric_limits<float>::epsilon());
  }
};

// The k largest of all scores, exactly: what a false accept rate is decided by.
class TailSink final : public ScoreSink {
 public:
  struct Hit {
    float score = 0;
    int32_t probe = 0;
    bool operator==(const Hit&) const = default;
  };
  explicit TailSink(int64_t k, Subjects subjects = {});  // k > 0
  float cut(int64_t) const override { return cut_.load(std::memory_order_relaxed); }
  void take(const ScoreRun& run, int thread) override;
  std::unique_ptr<DeviceSink> on(Device device, int64_t gallery) override;
  std::string state() const override;
  void restore(std::string_view state) override;
  std::vector<Hit> hits() const;       // min(k, scores) of them, descending; at equal scores the first probes
  std::vector<float> largest() const;  // their scores

 private:
  friend class DeviceTail;
  struct Part {             // of one thread; others read `bins`
    std::vector<Hit> hits;  // below 2k and a run, once scores are taken
    std::vector<std::atomic<int64_t>> bins;
    int64_t counted = 0;    // of the hits, those in `bins`: many at a time, which are not in a cache between
    int64_t since_cut = 0;  // hits since it last read all bins
    int64_t room = 0;       // hits from which on those below the cut are dropped
    void count_new();
  };
  void drop_below_cut(Part& part);
  void hold(std::vector<Hit> hits);  // in place of all that it holds
  // The k largest, in any order but for the k-th, which is last.
  static void keep_largest(std::vector<Hit>& hits, int64_t k);
  void raise_cut(float reached);
  void raise_cut_by_bins();

  int64_t k_;
  Subjects subjects_;
  std::atomic<float> cut_ = -std::numeric_limits<float>::infinity();  // k scores are known to reach it
  std::vector<Part> parts_;
};

// The k best gallery rows of each probe, ties by the smaller row. With Subjects, k = 1 is the best non-mate.
class TopKSink final : public ScoreSink {
 public:
  struct Hit {
    float score = 0;
    int64_t gallery = -1;
    bool operator==(const Hit&) const = default;
    FR_HD bool better_than(const Hit& other) const {
      return score > other.score || (score == other.score && gallery < other.gallery);
    }
  };
  TopKSink(int64_t probes, int64_t k, Subjects subjects = {});  // k > 0
  float cut(int64_t probe) const override;
  void take(const ScoreRun& run, int thread) override;
  std::unique_ptr<DeviceSink> on(Device device, int64_t gallery) override;
  std::string state() const override;
  void restore(std::string_view state) override;
  std::vector<Hit> best(int64_t probe) const;  // best first; fewer than k where the gallery is smaller

 private:
  friend class DeviceTopK;
  int64_t k_;
  Subjects subjects_;
  std::vector<std::vector<Hit>> hits_;  // (probes), below 2k each, in any order
  std::vector<float> cuts_;             // (probes), that k of them are known to reach
};

// For given scores of each probe (those of its mates, say): how many gallery rows score at least as much, and
// how many score more. Ranks under the pessimistic and the optimistic tie rule, for any number of mates.
// Of a score that `limit` or more rows exceed both counts are `limit`, and it asks for no more of them: a
// mate that nobody would recognise does not cost half of all scores.
class RankSink final : public ScoreSink {
 public:
  struct Above {
    int64_t at_least = 0, more = 0;
  };
  // scores[p]: any number of scores of probe p, in any order.
  explicit RankSink(const std::vector<std::vector<float>>& scores, Subjects subjects = {},
                    int64_t limit = std::numeric_limits<int64_t>::max());  // limit > 0
  float cut(int64_t probe) const override;
  void take(const ScoreRun& run, int thread) override;
  std::unique_ptr<DeviceSink> on(Device device, int64_t gallery) override;
  std::string state() const override;
  void restore(std::string_view state) override;
  Above above(int64_t probe, float score) const;  // `score`: one of those given

  struct State {         // of one probe
    int64_t lowest = 0;  // the first of its marks that fewer than `limit` rows exceed
    int64_t more = 0;    // those rows
  };
  struct Marks {               // of one probe
    const float* scores = {};  // (count) ascending, distinct
    int64_t count = 0;
    Above* between = nullptr;  // (count) gallery rows from this mark up to the next one
    State* state = nullptr;
    FR_HD void take(float score, int64_t limit) const;
  };
  static FR_HD float cut_of(const float* scores, int64_t count, const State& state) {
    return state.lowest < count ? scores[state.lowest] : std::numeric_limits<float>::infinity();
  }

 private:
  friend class DeviceRank;
  Subjects subjects_;
  int64_t limit_;
  std::vector<int64_t> begins_;  // (probes + 1) of each probe's marks in the next two
  std::vector<float> scores_;
  std::vector<Above> between_;
  std::vector<State> states_;  // (probes)
};

FR_HD inline void RankSink::Marks::take(float score, int64_t limit) const {
  if (state->lowest == count || score < scores[state->lowest]) return;
  int64_t reached = state->lowest;  // the highest mark it reaches is in [reached, end)
  for (int64_t end = count; end - reached > 1;) {
    const int64_t middle = (reached + end) / 2;
    (scores[middle] <= score ? reached : end) = middle;
  }
  ++between[reached].at_least;
  if (score > scores[reached]) {
    ++between[reached].more;
  } else if (reached > state->lowest) {
    ++between[reached - 1].more;
  } else {
    return;
  }
  ++state->more;
  while (state->more >= limit) state->more -= between[state->lowest++].more;
}

// How many scores fall into each bin.
class HistogramSink final : public TileSink {
 public:
  HistogramSink();
  void take(const ScoreTile& tile, int thread) override;
  bool take_on(Device device, const ScoreTile& tile) override;
  std::string state() const override;
  void restore(std::string_view state) override;
  std::vector<int64_t> counts() const;  // (bins), ascending scores

 private:
  std::vector<std::vector<int64_t>> parts_;  // one a thread
  Memory there_;                             // (bins) counts of tiles on a device, once there was one
};

}  // namespace fr
