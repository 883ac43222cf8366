#include "eval/ranking.h"

#include <fmt/core.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <unordered_set>

#include "core/parallel.h"
#include "eval/accuracy.h"
#include "eval/bootstrap.h"

namespace fr {

AveragePrecisions map_at(int64_t depth, const RankedLists& lists,
                         std::span<const std::vector<int64_t>> truth) {
  assert(lists.size() == truth.size());
  AveragePrecisions result;
  result.of.resize(truth.size());
  result.found.resize(truth.size());
  parallel_for(std::ssize(truth), [&](int64_t query) {
    const auto q = static_cast<size_t>(query);
    const std::unordered_set<int64_t> wanted(truth[q].begin(), truth[q].end());
    assert(!wanted.empty() && wanted.size() == truth[q].size());
    std::unordered_set<int64_t> seen;
    int64_t hits = 0;
    double sum = 0;
    for (const int64_t item : lists[q]) {
      if (std::ssize(seen) == depth) break;
      if (!seen.insert(item).second || !wanted.contains(item)) continue;
      sum += static_cast<double>(++hits) / static_cast<double>(seen.size());
    }
    result.of[q] = sum / static_cast<double>(wanted.size());
    result.found[q] = hits;
  });
  result.mean = result.of.empty() ? std::numeric_limits<double>::quiet_NaN() : mean_std(result.of).mean;
  return result;
}

std::vector<int64_t> ranked_items(const TopKSink& sink, int64_t probe, std::span<const int64_t> candidates) {
  std::vector<int64_t> items;
  for (const TopKSink::Hit& hit : sink.best(probe))
    items.push_back(candidates[static_cast<size_t>(hit.gallery)]);
  return items;
}

void add_ranking_metrics(const Ranking& ranking, const RankedLists& lists, Result& result) {
  const AveragePrecisions precisions = map_at(ranking.depth, lists, ranking.truth);
  Metric metric{.value = precisions.mean,
                .rule = fmt::format("mean over identities; repeats removed, lists cut at {}, divided by all "
                                    "true videos; equal scores in the order of the list",
                                    ranking.depth)};
  if (precisions.of.size() > 1) {
    const std::vector<double> ones(precisions.of.size(), 1);
    const Resampling resampling;
    const Interval interval = bootstrap_ratio(precisions.of, ones, resampling);
    metric.ci_low = interval.low;
    metric.ci_high = interval.high;
    metric.ci_method =
        fmt::format("95 %, bootstrap of {} identities, {} resamples", ones.size(), resampling.resamples);
  }
  result.metrics[fmt::format("map@{}", ranking.depth)] = std::move(metric);
  int64_t wanted = 0, found = 0;
  for (size_t q = 0; q < ranking.truth.size(); ++q) {
    wanted += std::ssize(ranking.truth[q]);
    found += precisions.found[q];
  }
  result.counts["identities"] = std::ssize(ranking.identities);
  result.counts["candidates"] = std::ssize(ranking.candidates);
  result.counts["true_videos"] = wanted;
  result.counts["found_videos"] = found;
  result.counts["unanswered_identities"] =
      std::ranges::count_if(lists, [](const auto& list) { return list.empty(); });
}

}  // namespace fr
