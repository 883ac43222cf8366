// Values are dealt into buckets of equal width between the least and the largest, some hundred in each where
// they are spread like scores, and the buckets are sorted in the cache. Bunched values only make it slower.
#include "core/sort_descending.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <utility>

#include "core/parallel.h"

namespace fr {

void sort_descending(std::vector<double>& values) {
  const auto count = static_cast<int64_t>(values.size());
  constexpr int64_t kSmall = 1 << 16;
  if (count < kSmall) return std::sort(values.begin(), values.end(), std::greater<>());
  const int64_t ranges = std::min<int64_t>(count / kSmall, thread_count());
  const auto begin = [&](int64_t r) { return values.begin() + count * r / ranges; };

  std::vector<std::pair<double, double>> extremes(static_cast<size_t>(ranges));
  parallel_for(ranges, [&](int64_t r) {
    const auto [least, most] = std::minmax_element(begin(r), begin(r + 1));
    extremes[static_cast<size_t>(r)] = {*least, *most};
  });
  double least = extremes[0].first, most = extremes[0].second;
  for (const auto& [low, high] : extremes) {
    least = std::min(least, low);
    most = std::max(most, high);
  }
  const double width = most - least;
  if (!(width > 0 && std::isfinite(width))) {
    return std::sort(values.begin(), values.end(), std::greater<>());
  }

  const int64_t buckets = std::min<int64_t>(count / 256, 1 << 16);
  const auto bucket_of = [&](double value) {  // never descends when the value does not ascend
    const auto bucket = static_cast<int64_t>((most - value) / width * static_cast<double>(buckets));
    return static_cast<size_t>(std::min(bucket, buckets - 1));
  };
  // next[r][bucket]: first how many values of range r fall there, then where the next of them goes.
  std::vector<std::vector<int64_t>> next(static_cast<size_t>(ranges),
                                         std::vector<int64_t>(static_cast<size_t>(buckets)));
  parallel_for(ranges, [&](int64_t r) {
    std::vector<int64_t>& mine = next[static_cast<size_t>(r)];
    std::for_each(begin(r), begin(r + 1), [&](double value) { ++mine[bucket_of(value)]; });
  });
  int64_t total = 0;
  std::vector<int64_t> offsets;
  for (size_t bucket = 0; bucket < static_cast<size_t>(buckets); ++bucket) {
    offsets.push_back(total);
    for (std::vector<int64_t>& mine : next) total += std::exchange(mine[bucket], total);
  }
  offsets.push_back(total);
  std::vector<double> dealt(values.size());
  parallel_for(ranges, [&](int64_t r) {
    std::vector<int64_t>& mine = next[static_cast<size_t>(r)];
    std::for_each(begin(r), begin(r + 1),
                  [&](double value) { dealt[static_cast<size_t>(mine[bucket_of(value)]++)] = value; });
  });
  values = std::move(dealt);
  parallel_for(buckets, [&](int64_t b) {
    std::sort(values.begin() + offsets[static_cast<size_t>(b)],
              values.begin() + offsets[static_cast<size_t>(b) + 1], std::greater<>());
  });
}

}  // namespace fr
