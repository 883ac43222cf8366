// Values are dealt twice into buckets of equal width: first all of them, on all threads, into buckets that
// fit a cache, then those of each into buckets of a handful, which are sorted. Bunched values only make it
// slower.
#include "core/sort_descending.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <utility>

#include "core/parallel.h"
#include "core/tensor.h"

namespace fr {

namespace {

constexpr int64_t kSmall = 1 << 16;               // values that one thread sorts at once
constexpr int64_t kInCache = 8192, kHandful = 8;  // values of a bucket where they are spread like scores
constexpr int64_t kMostBuckets = 4096;            // so many places are written to side by side

// Buckets between the least and the largest value.
class Buckets {
 public:
  Buckets(double least, double most, int64_t count)
      : most_(most), scale_(static_cast<double>(count) / (most - least)), count_(count) {}
  bool usable() const { return count_ > 1 && std::isfinite(scale_) && scale_ > 0; }
  int64_t count() const { return count_; }
  size_t of(double value) const {  // never descends when the value does not ascend
    return static_cast<size_t>(std::min(static_cast<int64_t>((most_ - value) * scale_), count_ - 1));
  }

 private:
  double most_, scale_;
  int64_t count_;
};

std::pair<double, double> extremes(const double* begin, const double* end) {
  double least = *begin, most = *begin;
  for (const double* value = begin; value != end; ++value) {
    least = std::min(least, *value);
    most = std::max(most, *value);
  }
  return {least, most};
}

// to = the `count` values at `from`, sorted; `ends` is room.
void sort_into(const double* from, int64_t count, double* to, std::vector<int64_t>& ends) {
  if (count == 0) return;
  const auto [least, most] = extremes(from, from + count);
  const Buckets buckets(least, most, count / kHandful);
  if (!buckets.usable()) {
    std::copy_n(from, count, to);
    return std::sort(to, to + count, std::greater<>());
  }
  ends.assign(static_cast<size_t>(buckets.count()) + 1, 0);
  for (int64_t i = 0; i < count; ++i) ++ends[buckets.of(from[i]) + 1];
  for (size_t b = 1; b < ends.size(); ++b) ends[b] += ends[b - 1];
  for (int64_t i = 0; i < count; ++i) to[ends[buckets.of(from[i])]++] = from[i];
  int64_t begin = 0;
  for (int64_t b = 0; b < buckets.count(); ++b) {
    const int64_t end = ends[static_cast<size_t>(b)];
    std::sort(to + begin, to + end, std::greater<>());
    begin = end;
  }
}

}  // namespace

void sort_descending(std::vector<double>& values) {
  const auto count = static_cast<int64_t>(values.size());
  if (count < kSmall) return std::sort(values.begin(), values.end(), std::greater<>());
  const int64_t ranges = std::min<int64_t>(count / kSmall, thread_count());
  const auto begin = [&](int64_t r) { return values.data() + count * r / ranges; };

  std::vector<std::pair<double, double>> range(static_cast<size_t>(ranges));
  parallel_for(ranges, [&](int64_t r) { range[static_cast<size_t>(r)] = extremes(begin(r), begin(r + 1)); });
  double least = range[0].first, most = range[0].second;
  for (const auto& [low, high] : range) {
    least = std::min(least, low);
    most = std::max(most, high);
  }
  const Buckets buckets(least, most, std::min(count / kInCache, kMostBuckets));
  if (!buckets.usable()) return std::sort(values.begin(), values.end(), std::greater<>());

  // next[r][bucket]: first how many values of range r fall there, then where the next of them goes.
  std::vector<std::vector<int64_t>> next(static_cast<size_t>(ranges),
                                         std::vector<int64_t>(static_cast<size_t>(buckets.count())));
  parallel_for(ranges, [&](int64_t r) {
    std::vector<int64_t>& mine = next[static_cast<size_t>(r)];
    std::for_each(begin(r), begin(r + 1), [&](double value) { ++mine[buckets.of(value)]; });
  });
  int64_t total = 0;
  std::vector<int64_t> offsets;
  for (size_t bucket = 0; bucket < static_cast<size_t>(buckets.count()); ++bucket) {
    offsets.push_back(total);
    for (std::vector<int64_t>& mine : next) total += std::exchange(mine[bucket], total);
  }
  offsets.push_back(total);
  const Memory memory(count * int64_t{sizeof(double)});
  auto* const dealt = reinterpret_cast<double*>(memory.data());
  parallel_for(ranges, [&](int64_t r) {
    std::vector<int64_t>& mine = next[static_cast<size_t>(r)];
    std::for_each(begin(r), begin(r + 1), [&](double value) { dealt[mine[buckets.of(value)]++] = value; });
  });
  std::vector<std::vector<int64_t>> ends(static_cast<size_t>(thread_count()));
  parallel_tasks(buckets.count(), [&](int64_t b) {
    const int64_t first = offsets[static_cast<size_t>(b)], last = offsets[static_cast<size_t>(b) + 1];
    sort_into(dealt + first, last - first, values.data() + first,
              ends[static_cast<size_t>(omp_get_thread_num())]);
  });
}

}  // namespace fr
