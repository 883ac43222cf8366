#include "eval/score_device_sinks.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "core/copy_stream.h"
#include "core/counts.cuh"
#include "core/device_memory.h"
#include "core/launch.cuh"
#include "core/select.cuh"
#include "core/tensor.h"
#include "eval/score_sinks.h"

namespace fr {

namespace {

// (count) values in a device's memory.
template <class T>
class Array {
 public:
  Array() = default;
  Array(Device device, int64_t count) : memory_(count * int64_t{sizeof(T)}, device), count_(count) {}
  Array(Device device, const std::vector<T>& values) : Array(device, std::ssize(values)) { write(values); }
  T* data() const { return reinterpret_cast<T*>(memory_.data()); }
  int64_t count() const { return count_; }
  void write(const std::vector<T>& values) {  // to its beginning
    copy_bytes(memory_.device(), memory_.data(), Device::kCpu, values.data(),
               std::ssize(values) * int64_t{sizeof(T)});
  }
  std::vector<T> read(int64_t count) const {  // its beginning
    std::vector<T> values(static_cast<size_t>(count));
    copy_bytes(Device::kCpu, values.data(), memory_.device(), memory_.data(), count * int64_t{sizeof(T)});
    return values;
  }

 private:
  Memory memory_;
  int64_t count_ = 0;
};

// Subjects as a kernel reads them.
struct People {
  const int64_t* probes = nullptr;  // null: nobody is left out
  const int64_t* gallery = nullptr;
  FR_HD bool same(int64_t probe, int64_t row) const {
    return probes != nullptr && probes[probe] == gallery[row];
  }
};

class DevicePeople {
 public:
  DevicePeople(Device device, const Subjects& subjects)
      : probes_(device, subjects.probes), gallery_(device, subjects.gallery) {}
  People view() const { return probes_.count() == 0 ? People{} : People{probes_.data(), gallery_.data()}; }

 private:
  Array<int64_t> probes_, gallery_;
};

template <class CutOf>
struct LowerCut {
  float* cuts;
  int64_t first;
  CutOf cut_of;
  FR_HD void operator()(int64_t i) const {
    const float cut = cut_of(first + i);
    if (cut < cuts[i]) cuts[i] = cut;
  }
};

// A row's hits one after another, by one thread.
template <class Keep>
struct TakeRow {
  DeviceHits hits;
  People people;
  Keep keep;
  FR_HD void operator()(int64_t i) const {
    const int64_t row = hits.first + i, probe = hits.probe + row;
    for (int32_t at = hits.heads[row]; at >= 0; at = hits.next[at]) {
      const ScoreHit hit = hits.items[at];
      const int64_t gallery = hits.gallery + hit.column;
      if (!people.same(probe, gallery)) keep(probe, gallery, hit.score);
    }
  }
};

// A heap of up to k hits a probe, the worst of them first.
struct Heaps {
  TopKSink::Hit* hits;  // (probes, room)
  int32_t* counts;      // (probes)
  int64_t room;         // k, or all hits that there can be of a probe
  int64_t k;

  FR_HD float operator()(int64_t probe) const {  // its cut
    return counts[probe] == k ? hits[probe * room].score : -std::numeric_limits<float>::infinity();
  }
  FR_HD void operator()(int64_t probe, int64_t gallery, float score) const {
    TopKSink::Hit* const heap = hits + probe * room;
    const TopKSink::Hit hit{score, gallery};
    if (counts[probe] < k) {
      int64_t at = counts[probe]++;
      for (; at > 0 && heap[(at - 1) / 2].better_than(hit); at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
      heap[at] = hit;
    } else if (hit.better_than(heap[0])) {
      int64_t at = 0;
      for (int64_t below = 1; below < k; below = 2 * at + 1) {
        if (below + 1 < k && heap[below].better_than(heap[below + 1])) ++below;
        if (!hit.better_than(heap[below])) break;
        heap[at] = heap[below];
        at = below;
      }
      heap[at] = hit;
    }
  }
};

// RankSink's marks of all probes.
struct AllMarks {
  const int64_t* begins;  // (probes + 1)
  const float* scores;
  RankSink::Above* between;
  RankSink::State* states;  // (probes)
  int64_t limit;

  FR_HD float operator()(int64_t probe) const {  // its cut
    const int64_t begin = begins[probe];
    return RankSink::cut_of(scores + begin, begins[probe + 1] - begin, states[probe]);
  }
  FR_HD void operator()(int64_t probe, int64_t, float score) const {
    const int64_t begin = begins[probe];
    const RankSink::Marks marks{scores + begin, begins[probe + 1] - begin, between + begin, states + probe};
    marks.take(score, limit);
  }
};

// TailSink's running cut, and the bins it goes by in groups.
constexpr int64_t kGroups = 256, kGroup = ScoreBins::kCount / kGroups;

struct OneCut {
  const float* cut;
  FR_HD float operator()(int64_t) const { return *cut; }
};

struct BinCount {
  const int64_t* counts;
  FR_HD int64_t operator()(int64_t group, int64_t bin) const { return counts[group * kGroup + bin]; }
};

// To the least score of the bin of the k-th.
struct RaiseCut {
  const int64_t* groups;  // (kGroups) sums of counts
  const int64_t* counts;  // (bins)
  int64_t k;
  float* cut;
  FR_HD void operator()(int64_t) const {
    int64_t above = 0, group = kGroups - 1;
    while (group > 0 && above + groups[group] < k) above += groups[group--];
    for (int64_t bin = (group + 1) * kGroup - 1; bin >= group * kGroup && bin > 0; --bin) {
      above += counts[bin];
      if (above < k) continue;
      if (ScoreBins::least(bin) > *cut) *cut = ScoreBins::least(bin);
      return;
    }
  }
};

// Hits as a matrix of one row: those of two people become the tail's, where they reach its cut.
struct Others {
  DeviceHits hits;
  People people;
  const float* cut;
  FR_HD Listed<TailSink::Hit> operator()(int64_t i) const {
    const ScoreHit hit = hits.items[i];
    const int64_t probe = hits.probe + hit.probe;
    return {{hit.score, static_cast<int32_t>(probe)},
            hit.score >= *cut && !people.same(probe, hits.gallery + hit.column)};
  }
};

// The same hits as a matrix of rows, so that many blocks of threads count them. Bin 0, which is no cut,
// counts what is no hit as well.
struct OtherBins {
  static constexpr int64_t kCols = 1024;
  Others others;
  FR_HD int64_t operator()(int64_t row, int64_t col) const {
    const int64_t i = row * kCols + col;
    if (i >= others.hits.count) return 0;
    const Listed<TailSink::Hit> hit = others(i);
    return hit.passing ? ScoreBins::of(hit.listed.score) : 0;
  }
};

struct NotBelowCut {
  const TailSink::Hit* hits;
  const float* cut;
  FR_HD Listed<TailSink::Hit> operator()(int64_t i) const { return {hits[i], hits[i].score >= *cut}; }
};

}  // namespace

class DeviceTail final : public DeviceSink {
 public:
  DeviceTail(Device device, TailSink& sink)
      : DeviceSink(device, sink),
        sink_(sink),
        people_(device, sink.subjects_),
        count_(device, 1),
        cut_(device, 1),
        bins_(device, ScoreBins::kCount),
        groups_(device, kGroups),
        host_count_(device, sizeof(int64_t)),
        copies_(device) {
    load();
  }

  void lower_cuts(float* cuts, int64_t first, int64_t count) override {
    launch(device_, count, LowerCut<OneCut>{cuts, first, {cut_.data()}});
  }

  void take(const DeviceHits& hits) override {
    make_room(hits.count);
    const Others others{hits, people_.view(), cut_.data()};
    launch_select(device_, 1, hits.count, others,
                  Selected<TailSink::Hit>{hits_.data(), hits_.count(), count_.data()});
    const int64_t rows = (hits.count + OtherBins::kCols - 1) / OtherBins::kCols;
    launch_counts(device_, rows, OtherBins::kCols, OtherBins{others}, bins_.data(), ScoreBins::kCount);
    launch_rows(device_, kGroups, kGroup, BinCount{bins_.data()}, Sum<int64_t>{},
                Keep<int64_t>{groups_.data()});
    launch(device_, 1, RaiseCut{groups_.data(), bins_.data(), sink_.k_, cut_.data()});
    copies_.after_work();
    copies_.copy(host_count_.as<int64_t>(), count_.data(), host_count_.bytes());
  }
  bool by_rows() const override { return false; }

  void load() override {
    const std::vector<TailSink::Hit> hits = sink_.hits();
    std::vector<int64_t> bins(static_cast<size_t>(ScoreBins::kCount));
    for (const TailSink::Hit& hit : hits) ++bins[static_cast<size_t>(ScoreBins::of(hit.score))];
    bins_.write(bins);
    cut_.write({sink_.cut(0)});
    hold(hits);
  }

  void fetch() const override {
    sink_.hold(hits_.read(count_.read(1)[0]));
    sink_.raise_cut(cut_.read(1)[0]);
  }

 private:
  // `hits` are all that there are.
  void hold(const std::vector<TailSink::Hit>& hits) {
    if (std::ssize(hits) > hits_.count()) hits_ = Array<TailSink::Hit>(device_, std::ssize(hits));
    hits_.write(hits);
    set_count(std::ssize(hits));
  }
  void set_count(int64_t count) {
    count_.write({count});
    copies_.wait();
    *host_count_.as<int64_t>() = count;
  }
  int64_t count() {
    copies_.wait();  // for the last take, which was launched a block ago
    return *host_count_.as<int64_t>();
  }

  // For so many more hits. Now and then what is below the cut goes; seldom, because the cut is but a bin's,
  // all beyond the k largest.
  void make_room(int64_t more) {
    if (count() > 2 * sink_.k_) {
      move_to(Array<TailSink::Hit>(device_, hits_.count()));
      if (count() >= sink_.k_ + sink_.k_ / 2) {
        std::vector<TailSink::Hit> hits = hits_.read(count());
        TailSink::keep_largest(hits, sink_.k_);
        cut_.write({std::max(cut_.read(1)[0], hits.back().score)});
        hold(hits);
      }
    }
    if (count() + more > hits_.count()) move_to(Array<TailSink::Hit>(device_, 2 * (count() + more)));
  }

  // Those not below the cut. Waits.
  void move_to(Array<TailSink::Hit> to) {
    Array<int64_t> kept(device_, std::vector<int64_t>{0});
    launch_select(device_, 1, count(), NotBelowCut{hits_.data(), cut_.data()},
                  Selected<TailSink::Hit>{to.data(), to.count(), kept.data()});
    set_count(kept.read(1)[0]);
    hits_ = std::move(to);
  }

  TailSink& sink_;
  DevicePeople people_;
  Array<TailSink::Hit> hits_;
  Array<int64_t> count_;  // (1) of the hits
  Array<float> cut_;      // (1)
  Array<int64_t> bins_, groups_;
  Pinned host_count_;  // (1) of the hits after the last take
  CopyStream copies_;
};

class DeviceTopK final : public DeviceSink {
 public:
  DeviceTopK(Device device, int64_t gallery, TopKSink& sink)
      : DeviceSink(device, sink),
        sink_(sink),
        people_(device, sink.subjects_),
        room_(std::min(sink.k_, most_held(sink) + gallery)),
        hits_(device, std::ssize(sink.hits_) * room_),
        counts_(device, std::ssize(sink.hits_)) {
    load();
  }

  void lower_cuts(float* cuts, int64_t first, int64_t count) override {
    launch(device_, count, LowerCut<Heaps>{cuts, first, heaps()});
  }
  void take(const DeviceHits& hits) override {
    launch(device_, hits.rows, TakeRow<Heaps>{hits, people_.view(), heaps()});
  }
  void load() override {
    std::vector<TopKSink::Hit> all(static_cast<size_t>(hits_.count()));
    std::vector<int32_t> counts;
    for (int64_t probe = 0; probe < counts_.count(); ++probe) {
      const std::vector<TopKSink::Hit> best = sink_.best(probe);
      counts.push_back(static_cast<int32_t>(std::ssize(best)));
      std::copy(best.rbegin(), best.rend(), all.begin() + probe * room_);  // the worst first is a heap
    }
    hits_.write(all);
    counts_.write(counts);
  }
  void fetch() const override {
    const std::vector<TopKSink::Hit> all = hits_.read(hits_.count());
    const std::vector<int32_t> counts = counts_.read(counts_.count());
    for (size_t probe = 0; probe < counts.size(); ++probe) {
      const auto begin = all.begin() + static_cast<int64_t>(probe) * room_;
      sink_.hits_[probe].assign(begin, begin + counts[probe]);
      if (counts[probe] == sink_.k_) sink_.cuts_[probe] = begin->score;
    }
  }

 private:
  static int64_t most_held(const TopKSink& sink) {
    size_t most = 0;
    for (const std::vector<TopKSink::Hit>& hits : sink.hits_) most = std::max(most, hits.size());
    return static_cast<int64_t>(most);
  }
  Heaps heaps() const { return {hits_.data(), counts_.data(), room_, sink_.k_}; }
  TopKSink& sink_;
  DevicePeople people_;
  int64_t room_;               // of a probe
  Array<TopKSink::Hit> hits_;  // (probes, room)
  Array<int32_t> counts_;      // (probes)
};

class DeviceRank final : public DeviceSink {
 public:
  DeviceRank(Device device, RankSink& sink)
      : DeviceSink(device, sink),
        sink_(sink),
        people_(device, sink.subjects_),
        begins_(device, sink.begins_),
        scores_(device, sink.scores_),
        between_(device, std::ssize(sink.between_)),
        states_(device, std::ssize(sink.states_)) {
    load();
  }

  void lower_cuts(float* cuts, int64_t first, int64_t count) override {
    launch(device_, count, LowerCut<AllMarks>{cuts, first, marks()});
  }
  void take(const DeviceHits& hits) override {
    launch(device_, hits.rows, TakeRow<AllMarks>{hits, people_.view(), marks()});
  }
  void load() override {
    between_.write(sink_.between_);
    states_.write(sink_.states_);
  }
  void fetch() const override {
    sink_.between_ = between_.read(between_.count());
    sink_.states_ = states_.read(states_.count());
  }

 private:
  AllMarks marks() const {
    return {begins_.data(), scores_.data(), between_.data(), states_.data(), sink_.limit_};
  }
  RankSink& sink_;
  DevicePeople people_;
  Array<int64_t> begins_;
  Array<float> scores_;
  Array<RankSink::Above> between_;
  Array<RankSink::State> states_;
};

std::unique_ptr<DeviceSink> TailSink::on(Device device, int64_t) {
  return std::make_unique<DeviceTail>(device, *this);
}
std::unique_ptr<DeviceSink> TopKSink::on(Device device, int64_t gallery) {
  return std::make_unique<DeviceTopK>(device, gallery, *this);
}
std::unique_ptr<DeviceSink> RankSink::on(Device device, int64_t) {
  return std::make_unique<DeviceRank>(device, *this);
}

}  // namespace fr
