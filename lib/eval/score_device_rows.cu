// TopKSink and RankSink on a device: a probe's hits are taken one after another, by one thread.
#include <algorithm>
#include <limits>
#include <vector>

#include "eval/score_device_array.cuh"

namespace fr {

namespace {

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

// Takes hits row by row. A Keep gives the cut of a probe, and keeps a hit of it.
template <class Sink, class Keep>
class RowSink : public DeviceSink {
 public:
  void lower_cuts(float* cuts, int64_t first, int64_t count) override {
    launch(device_, count, LowerCut<Keep>{cuts, first, keep()});
  }
  void take(const DeviceHits& hits) override {
    launch(device_, hits.rows, TakeRow<Keep>{hits, people_.view(), keep()});
  }

 protected:
  RowSink(Device device, Sink& sink, const Subjects& subjects)
      : DeviceSink(device, sink), sink_(sink), people_(device, subjects) {}
  virtual Keep keep() const = 0;
  Sink& sink_;

 private:
  DevicePeople people_;
};

}  // namespace

class DeviceTopK final : public RowSink<TopKSink, Heaps> {
 public:
  DeviceTopK(Device device, int64_t gallery, TopKSink& sink)
      : RowSink(device, sink, sink.subjects_),
        room_(std::min(sink.k_, most_held(sink) + gallery)),
        hits_(device, std::ssize(sink.hits_) * room_),
        counts_(device, std::ssize(sink.hits_)) {
    load();
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
  Heaps keep() const override { return {hits_.data(), counts_.data(), room_, sink_.k_}; }
  int64_t room_;                     // of a probe
  DeviceArray<TopKSink::Hit> hits_;  // (probes, room)
  DeviceArray<int32_t> counts_;      // (probes)
};

class DeviceRank final : public RowSink<RankSink, AllMarks> {
 public:
  DeviceRank(Device device, RankSink& sink)
      : RowSink(device, sink, sink.subjects_),
        begins_(device, sink.begins_),
        scores_(device, sink.scores_),
        between_(device, std::ssize(sink.between_)),
        states_(device, std::ssize(sink.states_)) {
    load();
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
  AllMarks keep() const override {
    return {begins_.data(), scores_.data(), between_.data(), states_.data(), sink_.limit_};
  }
  DeviceArray<int64_t> begins_;
  DeviceArray<float> scores_;
  DeviceArray<RankSink::Above> between_;
  DeviceArray<RankSink::State> states_;
};

std::unique_ptr<DeviceSink> TopKSink::on(Device device, int64_t gallery) {
  return std::make_unique<DeviceTopK>(device, gallery, *this);
}
std::unique_ptr<DeviceSink> RankSink::on(Device device, int64_t) {
  return std::make_unique<DeviceRank>(device, *this);
}

}  // namespace fr
