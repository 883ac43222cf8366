// The sinks of stream_scores. Each one's memory is O(probes * k) or O(k + bins), and what it holds does not
// depend on threads, tiles or order.
#pragma once
#include <cstdint>
#include <vector>

#include "eval/score_stream.h"

namespace fr {

// Whom a score is between: a sink with Subjects skips the pairs of one person. Empty: nobody is left out.
struct Subjects {
  std::vector<int64_t> probes, gallery;  // (probes), (gallery rows): equal numbers are one person
  bool same(int64_t probe, int64_t row) const {
    return !probes.empty() && probes[static_cast<size_t>(probe)] == gallery[static_cast<size_t>(row)];
  }
};

// The `k` largest of all scores, exactly: what a false accept rate of (k-1)/n is decided by.
class TailSink final : public ScoreSink {
 public:
  TailSink(int64_t k, Subjects subjects = {});
  float cut(int64_t probe) const override;
  void take(int64_t probe, int64_t gallery, float score, int thread) override;
  std::vector<float> largest() const;  // descending; min(k, scores) of them

 private:
  struct Part;
  void raise(Part& part);
  int64_t k_;
  Subjects subjects_;
  std::vector<Part> parts_;  // one a thread
};

// The k best gallery rows of each probe, ties by the smaller row. Pairs of one person are left out with
// Subjects: k = 1 is then the best non-mate.
class TopKSink final : public ScoreSink {
 public:
  struct Hit {
    float score = 0;
    int64_t gallery = -1;
  };
  TopKSink(int64_t probes, int64_t k, Subjects subjects = {});
  float cut(int64_t probe) const override;
  void take(int64_t probe, int64_t gallery, float score, int thread) override;
  std::vector<Hit> best(int64_t probe) const;  // best first; fewer than k where the gallery is smaller

 private:
  int64_t k_;
  Subjects subjects_;
  std::vector<std::vector<Hit>> heaps_;  // (probes)
};

// For given scores of each probe (those of its mates, say): how many gallery rows score at least as much, and
// how many score more. Ranks under the pessimistic and the optimistic tie rule, for any number of mates.
class RankSink final : public ScoreSink {
 public:
  // scores[p]: any number of scores for probe p, in any order.
  RankSink(std::vector<std::vector<float>> scores, Subjects subjects = {});
  float cut(int64_t probe) const override;
  void take(int64_t probe, int64_t gallery, float score, int thread) override;
  struct Above {
    int64_t at_least = 0, more = 0;
  };
  std::vector<std::vector<Above>> above() const;  // of scores[p][i], in the order given
};

}  // namespace fr
