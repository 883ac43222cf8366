#include "eval/score_sinks.h"

#include <algorithm>
#include <cassert>
#include <functional>
#include <iterator>
#include <utility>

#include "core/bytes.h"
#include "core/device_memory.h"
#include "core/error.h"
#include "core/long_vector.h"
#include "core/parallel.h"

namespace fr {

namespace {

constexpr int64_t kLeastRoom = 4096;  // hits of a thread

// visit(bin of score(i)) for i in [0, count): the bins of many scores are found side by side.
template <class Score, class Visit>
void for_each_bin(int64_t count, const Score& score, const Visit& visit) {
  constexpr int64_t kRun = 256;
  int32_t bins[kRun];
  for (int64_t begin = 0; begin < count; begin += kRun) {
    const int64_t run = std::min(kRun, count - begin);
#pragma omp simd
    for (int64_t i = 0; i < run; ++i) bins[i] = ScoreBins::of(score(begin + i));
    for (int64_t i = 0; i < run; ++i) visit(bins[i]);
  }
}

bool larger(const TailSink::Hit& a, const TailSink::Hit& b) {
  return a.score > b.score || (a.score == b.score && a.probe < b.probe);
}

}  // namespace

void TailSink::keep_largest(std::vector<Hit>& hits, int64_t k) {
  if (std::ssize(hits) <= k) return;
  std::nth_element(hits.begin(), hits.begin() + (k - 1), hits.end(), larger);
  hits.resize(static_cast<size_t>(k));
}

TailSink::TailSink(int64_t k, Subjects subjects)
    : k_(k), subjects_(std::move(subjects)), parts_(static_cast<size_t>(thread_count())) {
  assert(k > 0);
  for (Part& part : parts_) {
    part.bins = std::vector<std::atomic<int64_t>>(static_cast<size_t>(ScoreBins::kCount));
    part.room = std::min(2 * k, kLeastRoom);
  }
}

void TailSink::Part::count_new() {
  for_each_bin(
      std::ssize(hits) - counted, [first = hits.data() + counted](int64_t i) { return first[i].score; },
      [this](int32_t bin) {
        std::atomic<int64_t>& count = bins[static_cast<size_t>(bin)];
        count.store(count.load(std::memory_order_relaxed) + 1,
                    std::memory_order_relaxed);  // nobody else writes
      });
  counted = std::ssize(hits);
}

void TailSink::take(const ScoreRun& run, int thread) {
  Part& part = parts_[static_cast<size_t>(thread)];
  std::vector<Hit>& hits = part.hits;
  const float cut = this->cut(0);  // the run was chosen by the lowest one of all sinks
  const auto before = std::ssize(hits), most = before + std::ssize(run.columns);
  if (static_cast<size_t>(most) > hits.capacity()) reserve_pages(hits, part.room + std::ssize(run.columns));
  hits.resize(static_cast<size_t>(most));
  Hit* end = hits.data() + before;
  for (const int32_t c : run.columns) {  // without a branch
    *end = {run.scores[c], static_cast<int32_t>(run.probe)};
    end += run.scores[c] >= cut && !subjects_.same(run.probe, run.gallery + c) ? 1 : 0;
  }
  hits.resize(static_cast<size_t>(end - hits.data()));
  part.since_cut += std::ssize(hits) - before;
  const int64_t interval =
      std::clamp<int64_t>(k_ / 16, 4096, ScoreBins::kCount);  // reading all bins takes its time
  if (part.since_cut >= interval) {
    part.since_cut = 0;
    part.count_new();
    raise_cut_by_bins();
  }
  if (std::ssize(hits) >= part.room) drop_below_cut(part);
}

// Twice what is left is room for more, so that a hit is looked at about twice, and the hits of all threads
// together, whose scores made the cut, take little more than 2k.
void TailSink::drop_below_cut(Part& part) {
  part.count_new();
  std::vector<Hit>& hits = part.hits;
  const float cut = this->cut(0);
  size_t kept = 0;
  for (const Hit& hit : hits) {  // which ones stay is past foretelling: no branch
    hits[kept] = hit;
    kept += hit.score >= cut ? 1 : 0;
  }
  hits.resize(kept);
  if (std::ssize(hits) >= k_ + k_ / 2) {  // seldom, but for a small k
    keep_largest(hits, k_);
    raise_cut(hits.back().score);
  }
  part.counted = std::ssize(hits);
  part.room = std::clamp(2 * std::ssize(hits), std::min(2 * k_, kLeastRoom), 2 * k_);
}

void TailSink::raise_cut(float reached) {
  float known = cut_.load(std::memory_order_relaxed);
  while (reached > known && !cut_.compare_exchange_weak(known, reached, std::memory_order_relaxed)) {
  }
}

// To the least score of the bin of the k-th one of all threads.
void TailSink::raise_cut_by_bins() {
  int64_t above = 0;
  for (int64_t bin = ScoreBins::kCount - 1; bin > 0; --bin) {
    for (const Part& part : parts_)
      above += part.bins[static_cast<size_t>(bin)].load(std::memory_order_relaxed);
    if (above >= k_) return raise_cut(ScoreBins::least(bin));
  }
}

std::string TailSink::state() const { return Bytes().put(hits()).text(); }

void TailSink::restore(std::string_view state) {
  BytesReader bytes(state);
  std::vector<Hit> hits = bytes.list<Hit>();
  bytes.end();
  if (std::ssize(hits) == k_) cut_ = hits.back().score;
  hold(std::move(hits));
}

void TailSink::hold(std::vector<Hit> hits) {
  for (Part& part : parts_) {
    for (std::atomic<int64_t>& count : part.bins) count.store(0, std::memory_order_relaxed);
    part.hits.clear();
    part.counted = 0;
  }
  parts_[0].hits = std::move(hits);
}

std::vector<TailSink::Hit> TailSink::hits() const {
  std::vector<Hit> all;
  for (const Part& part : parts_)  // without what was below the cut all along: memory
    std::copy_if(part.hits.begin(), part.hits.end(), std::back_inserter(all),
                 [cut = cut(0)](const Hit& hit) { return hit.score >= cut; });
  keep_largest(all, k_);
  std::sort(all.begin(), all.end(), larger);
  return all;
}

std::vector<float> TailSink::largest() const {
  std::vector<float> scores;
  for (const Hit& hit : hits()) scores.push_back(hit.score);
  return scores;
}

namespace {

bool better(const TopKSink::Hit& a, const TopKSink::Hit& b) { return a.better_than(b); }

}  // namespace

TopKSink::TopKSink(int64_t probes, int64_t k, Subjects subjects)
    : k_(k),
      subjects_(std::move(subjects)),
      hits_(static_cast<size_t>(probes)),
      cuts_(hits_.size(), -std::numeric_limits<float>::infinity()) {
  assert(k > 0);
}

float TopKSink::cut(int64_t probe) const { return cuts_[static_cast<size_t>(probe)]; }

void TopKSink::take(const ScoreRun& run, int) {
  std::vector<Hit>& hits = hits_[static_cast<size_t>(run.probe)];
  float& cut = cuts_[static_cast<size_t>(run.probe)];
  for (const int32_t c : run.columns) {
    const int64_t gallery = run.gallery + c;
    if (run.scores[c] < cut || subjects_.same(run.probe, gallery)) continue;
    hits.push_back({run.scores[c], gallery});
    if (std::ssize(hits) < 2 * k_) continue;
    std::nth_element(hits.begin(), hits.begin() + (k_ - 1), hits.end(), better);
    hits.resize(static_cast<size_t>(k_));
    cut = hits.back().score;
  }
}

std::string TopKSink::state() const {
  Bytes bytes;
  for (const std::vector<Hit>& hits : hits_) bytes.put(hits);
  return bytes.put(cuts_).text();
}

void TopKSink::restore(std::string_view state) {
  BytesReader bytes(state);
  for (std::vector<Hit>& hits : hits_) hits = bytes.list<Hit>();
  cuts_ = bytes.list<float>();
  bytes.end();
}

std::vector<TopKSink::Hit> TopKSink::best(int64_t probe) const {
  std::vector<Hit> hits = hits_[static_cast<size_t>(probe)];
  std::sort(hits.begin(), hits.end(), better);
  if (std::ssize(hits) > k_) hits.resize(static_cast<size_t>(k_));
  return hits;
}

RankSink::RankSink(const std::vector<std::vector<float>>& scores, Subjects subjects, int64_t limit)
    : subjects_(std::move(subjects)), limit_(limit), begins_{0}, states_(scores.size()) {
  assert(limit > 0);
  for (const std::vector<float>& given : scores) {
    const auto begin = scores_.insert(scores_.end(), given.begin(), given.end());
    std::sort(begin, scores_.end());
    scores_.erase(std::unique(begin, scores_.end()), scores_.end());
    begins_.push_back(std::ssize(scores_));
  }
  between_.resize(scores_.size());
}

float RankSink::cut(int64_t probe) const {
  const auto p = static_cast<size_t>(probe);
  return cut_of(scores_.data() + begins_[p], begins_[p + 1] - begins_[p], states_[p]);
}

void RankSink::take(const ScoreRun& run, int) {
  const auto p = static_cast<size_t>(run.probe);
  const int64_t begin = begins_[p];
  const Marks of{scores_.data() + begin, begins_[p + 1] - begin, between_.data() + begin, &states_[p]};
  for (const int32_t c : run.columns) {
    if (!subjects_.same(run.probe, run.gallery + c)) of.take(run.scores[c], limit_);
  }
}

std::string RankSink::state() const { return Bytes().put(states_).put(between_).text(); }

void RankSink::restore(std::string_view state) {
  BytesReader bytes(state);
  const size_t probes = states_.size(), marks = between_.size();
  states_ = bytes.list<State>();
  between_ = bytes.list<Above>();
  bytes.end();
  FR_CHECK(states_.size() == probes && between_.size() == marks, "damaged: of other ranks");
}

RankSink::Above RankSink::above(int64_t probe, float score) const {
  const auto p = static_cast<size_t>(probe);
  const auto first = scores_.begin() + begins_[p], end = scores_.begin() + begins_[p + 1];
  const auto at = std::lower_bound(first, end, score);
  assert(at < end && *at == score);
  if (at - first < states_[p].lowest) return {limit_, limit_};
  Above sum;
  for (auto i = static_cast<size_t>(at - scores_.begin()); i < static_cast<size_t>(begins_[p + 1]); ++i) {
    sum.at_least += between_[i].at_least;
    sum.more += between_[i].more;
  }
  return sum;
}

HistogramSink::HistogramSink()
    : parts_(static_cast<size_t>(thread_count()),
             std::vector<int64_t>(static_cast<size_t>(ScoreBins::kCount))) {}

void HistogramSink::take(const ScoreTile& tile, int thread) {
  int64_t* counts = parts_[static_cast<size_t>(thread)].data();
  for (int64_t r = 0; r < tile.rows; ++r) {
    for_each_bin(
        tile.cols, [scores = tile.scores + r * tile.stride](int64_t c) { return scores[c]; },
        [counts](int32_t bin) { ++counts[bin]; });
  }
}

std::string HistogramSink::state() const { return Bytes().put(counts()).text(); }

void HistogramSink::restore(std::string_view state) {
  BytesReader bytes(state);
  parts_[0] = bytes.list<int64_t>();
  bytes.end();
}

std::vector<int64_t> HistogramSink::counts() const {
  std::vector<int64_t> sum(static_cast<size_t>(ScoreBins::kCount));
  for (const std::vector<int64_t>& part : parts_) {
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += part[i];
  }
  if (there_.bytes() == 0) return sum;
  std::vector<int64_t> there(sum.size());
  copy_bytes(Device::kCpu, there.data(), there_.device(), there_.data(), there_.bytes());
  for (size_t i = 0; i < sum.size(); ++i) sum[i] += there[i];
  return sum;
}

}  // namespace fr
