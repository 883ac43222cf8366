// TailSink on a device: hits are appended and counted into bins there, and what the bins cut off is dropped
// there.
#include <algorithm>
#include <utility>
#include <vector>

#include "core/copy_stream.h"
#include "core/counts.cuh"
#include "core/select.cuh"
#include "eval/score_device_array.cuh"

namespace fr {

namespace {

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
  // Twice up to twice 2k hits: make_room() copies them. What a block adds is little beside the block's own.
  int64_t growth(int64_t pairs) const override {
    return 8 * std::min(sink_.k_, pairs) * int64_t{sizeof(TailSink::Hit)};
  }

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
    if (std::ssize(hits) > hits_.count()) hits_ = DeviceArray<TailSink::Hit>(device_, std::ssize(hits));
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
      move_to(DeviceArray<TailSink::Hit>(device_, hits_.count()));
      if (count() >= sink_.k_ + sink_.k_ / 2) {
        std::vector<TailSink::Hit> hits = hits_.read(count());
        TailSink::keep_largest(hits, sink_.k_);
        cut_.write({std::max(cut_.read(1)[0], hits.back().score)});
        hold(hits);
      }
    }
    if (count() + more > hits_.count()) move_to(DeviceArray<TailSink::Hit>(device_, 2 * (count() + more)));
  }

  // Those not below the cut. Waits.
  void move_to(DeviceArray<TailSink::Hit> to) {
    DeviceArray<int64_t> kept(device_, std::vector<int64_t>{0});
    launch_select(device_, 1, count(), NotBelowCut{hits_.data(), cut_.data()},
                  Selected<TailSink::Hit>{to.data(), to.count(), kept.data()});
    set_count(kept.read(1)[0]);
    hits_ = std::move(to);
  }

  TailSink& sink_;
  DevicePeople people_;
  DeviceArray<TailSink::Hit> hits_;
  DeviceArray<int64_t> count_;  // (1) of the hits
  DeviceArray<float> cut_;      // (1)
  DeviceArray<int64_t> bins_, groups_;
  Pinned host_count_;  // (1) of the hits after the last take
  CopyStream copies_;
};

std::unique_ptr<DeviceSink> TailSink::on(Device device, int64_t) {
  return std::make_unique<DeviceTail>(device, *this);
}

}  // namespace fr
