#include "eval/score_ranks.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "core/bytes.h"
#include "core/parallel.h"

namespace fr {

namespace {

constexpr int64_t kHalf = 1 << 16;

// Orders as the scores do; -0 and 0 are one.
uint32_t key_of(float score) {
  const auto bits = std::bit_cast<uint32_t>(score + 0.0f);
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}

float score_of(uint32_t key) { return std::bit_cast<float>(key >> 31 ? key & 0x7fffffffu : ~key); }

// Counts scores by a part of their keys: one table of kHalf counts for each of `tables`.
template <class Place>
class CountSink final : public TileSink {
 public:
  CountSink(size_t tables, const Subjects& subjects, Place place)
      : subjects_(subjects),
        place_(place),
        parts_(static_cast<size_t>(thread_count()), std::vector<int64_t>(tables * kHalf)) {}

  void take(const ScoreTile& tile, int thread) override {
    int64_t* counts = parts_[static_cast<size_t>(thread)].data();
    for (int64_t r = 0; r < tile.rows; ++r) {
      const float* scores = tile.scores + r * tile.stride;
      for (int64_t c = 0; c < tile.cols; ++c) {
        const int64_t place = place_(key_of(scores[c]));
        if (place >= 0 && !subjects_.same(tile.probe + r, tile.gallery + c)) ++counts[place];
      }
    }
  }

  std::string state() const override { return Bytes().put(counts()).text(); }
  void restore(std::string_view state) override {
    BytesReader bytes(state);
    parts_[0] = bytes.list<int64_t>();
    bytes.end();
  }
  std::vector<int64_t> counts() const {
    std::vector<int64_t> sum = parts_[0];
    for (size_t t = 1; t < parts_.size(); ++t) {
      for (size_t i = 0; i < sum.size(); ++i) sum[i] += parts_[t][i];
    }
    return sum;
  }

 private:
  const Subjects& subjects_;
  Place place_;
  std::vector<std::vector<int64_t>> parts_;  // one a thread
};

// Where the rank-th largest lies among `counts` (kHalf), of ascending keys: the count's index, and how many
// lie above it. -1: there are not as many.
struct Found {
  int64_t index = -1, above = 0;
};
Found find(const int64_t* counts, int64_t rank) {
  int64_t above = 0;
  for (int64_t i = kHalf - 1; i >= 0; --i) {
    if (above + counts[i] > rank) return {i, above};
    above += counts[i];
  }
  return {-1, above};
}

}  // namespace

std::vector<RankedScore> scores_at_ranks(const RowSet& probes, const RowSet& gallery,
                                         std::span<const int64_t> ranks, const Subjects& subjects,
                                         const StreamOptions& options) {
  const auto pass = [&](auto& sink) {
    TileSink* tiles[] = {&sink};
    stream_scores(probes, gallery, {}, tiles, options);
  };
  CountSink upper(1, subjects, [](uint32_t key) { return static_cast<int64_t>(key >> 16); });
  pass(upper);
  const std::vector<int64_t> upper_counts = upper.counts();

  // A table of lower halves for each upper half that a rank lies in.
  std::vector<int32_t> table_of(kHalf, -1);
  int32_t tables = 0;
  std::vector<Found> found;
  for (const int64_t rank : ranks) {
    found.push_back(find(upper_counts.data(), rank));
    if (found.back().index < 0) continue;
    int32_t& table = table_of[static_cast<size_t>(found.back().index)];
    if (table < 0) table = tables++;
  }
  CountSink lower(static_cast<size_t>(tables), subjects, [&](uint32_t key) {
    const int64_t table = table_of[key >> 16];
    return table < 0 ? table : table * kHalf + (key & 0xffff);
  });
  if (tables > 0) pass(lower);
  const std::vector<int64_t> lower_counts = lower.counts();

  std::vector<RankedScore> result;
  for (size_t i = 0; i < ranks.size(); ++i) {
    if (found[i].index < 0) {
      result.push_back({-std::numeric_limits<float>::infinity(), found[i].above});
      continue;
    }
    const auto upper_half = static_cast<size_t>(found[i].index);
    const Found exact = find(lower_counts.data() + table_of[upper_half] * kHalf, ranks[i] - found[i].above);
    result.push_back(
        {score_of(static_cast<uint32_t>(found[i].index << 16 | exact.index)), found[i].above + exact.above});
  }
  return result;
}

}  // namespace fr
