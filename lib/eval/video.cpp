#include "eval/video.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "core/parallel.h"
#include "eval/pair_score.h"

namespace fr {

namespace {

// (n, dim) unit rows of the items of `of` that have one.
std::vector<double> unit_items(const Template& of, const ItemFeatures& features) {
  std::vector<double> rows;
  for (const Medium& medium : of.media) {
    for (const int64_t item : medium.items) {
      if (features.original[static_cast<size_t>(item)] == nullptr) continue;
      rows.resize(rows.size() + static_cast<size_t>(features.dim));
      unit_item(features, item, rows.data() + rows.size() - features.dim);
    }
  }
  return rows;
}

// Of the squared distances between a (n, dim) and b (m, dim), n, m > 0.
double reduce_distances(const std::vector<double>& a, const std::vector<double>& b, int64_t dim,
                        ItemPairs wanted) {
  double least = std::numeric_limits<double>::infinity(), largest = 0, sum = 0;
  int64_t count = 0;
  for (const double* x = a.data(); x < a.data() + a.size(); x += dim) {
    for (const double* y = b.data(); y < b.data() + b.size(); y += dim) {
      const double distance = squared_distance(x, y, dim);
      least = std::min(least, distance);
      largest = std::max(largest, distance);
      sum += distance;
      ++count;
    }
  }
  if (wanted == ItemPairs::kMinimum) return least;
  return wanted == ItemPairs::kMaximum ? largest : sum / static_cast<double>(count);
}

}  // namespace

TemplateFeatures pool_unit_mean(const Plan& plan, const ItemFeatures& features) {
  TemplateFeatures result = make_templates(std::ssize(plan.templates), features.dim);
  parallel_for(result.count, [&](int64_t t) {
    const std::vector<double> rows = unit_items(plan.templates[static_cast<size_t>(t)], features);
    if (rows.empty()) {
      result.failed[static_cast<size_t>(t)] = 1;
      return;
    }
    double* mean = result.values.data() + t * features.dim;
    for (size_t i = 0; i < rows.size(); ++i) mean[i % static_cast<size_t>(features.dim)] += rows[i];
    const double count = static_cast<double>(rows.size()) / static_cast<double>(features.dim);
    for (int64_t k = 0; k < features.dim; ++k) mean[k] /= count;
    normalise(mean, features.dim);
  });
  return result;
}

std::vector<double> score_item_pairs(const Plan& plan, const PairList& list, const ItemFeatures& features) {
  assert(list.items != ItemPairs::kNone && list.score == PairScore::kSquaredDistance);
  std::vector<double> scores(list.pairs.size());
  parallel_for(std::ssize(list.pairs), [&](int64_t i) {
    const Pair& pair = list.pairs[static_cast<size_t>(i)];
    const std::vector<double> a = unit_items(plan.templates[static_cast<size_t>(pair.a)], features);
    const std::vector<double> b = unit_items(plan.templates[static_cast<size_t>(pair.b)], features);
    scores[static_cast<size_t>(i)] = a.empty() || b.empty()
                                         ? std::numeric_limits<double>::infinity()
                                         : reduce_distances(a, b, features.dim, list.items);
  });
  return scores;
}

}  // namespace fr
