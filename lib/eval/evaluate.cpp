#include "eval/evaluate.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "core/device_memory.h"
#include "core/error.h"
#include "core/parallel.h"
#include "eval/bootstrap.h"
#include "eval/distractor_metrics.h"
#include "eval/join.h"
#include "eval/metrics.h"
#include "eval/pair_score.h"
#include "eval/video.h"

namespace fr {

namespace {

// Seconds since construction or the last call.
class Stopwatch {
 public:
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double>(now - std::exchange(begin_, now)).count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

// Mean norm of the raw embeddings of all items that have one (spec 6.1, XNorm).
double mean_norm(const ItemFeatures& features) {
  std::vector<double> norms(features.original.size());
  double sum = 0;
  int64_t rows = 0;
  for (const auto* rows_of : {&features.original, &features.flipped}) {
    if (rows_of->empty()) continue;
    parallel_for(features.items, [&](int64_t i) {
      const float* row = (*rows_of)[static_cast<size_t>(i)];
      norms[static_cast<size_t>(i)] = row == nullptr ? 0 : wide_norm(row, features.dim);
    });
    for (size_t i = 0; i < norms.size(); ++i) {
      sum += norms[i];
      rows += (*rows_of)[i] != nullptr;
    }
  }
  return rows > 0 ? sum / static_cast<double>(rows) : std::numeric_limits<double>::quiet_NaN();
}

int64_t count_failed(const std::vector<const float*>& rows) {
  return std::count(rows.begin(), rows.end(), nullptr);
}

void describe_embeddings(const Embeddings& embeddings, Result& result) {
  if (!embeddings.source.empty()) result.model["embeddings"] = embeddings.source;
  if (!embeddings.model.empty()) result.model["hash"] = embeddings.model;
}

// A result that knows its benchmark and its machine.
Result begin_result(const Plan& plan) {
  for (const PairList& list : plan.pair_lists)
    FR_CHECK(std::ssize(list.pairs) >= list.folds, "{}: {} pairs are too few for {} folds", plan.list,
             list.pairs.size(), list.folds);
  Result result;
  result.protocol = plan.protocol;
  result.dataset = {{"name", plan.protocol}, {"list", plan.list}, {"hash", plan.content_hash}};
  result.variant = plan.variant;
  result.environment = describe_environment();
  return result;
}

std::string score_text(const PairList& list) {
  std::string of = list.score == PairScore::kDot ? "dot product of unit vectors, f64"
                                                 : "squared L2 distance of unit vectors, f64";
  switch (list.items) {
    case ItemPairs::kMinimum:
      return of + ": least over all pairs of items";
    case ItemPairs::kMean:
      return of + ": mean over all pairs of items";
    case ItemPairs::kMaximum:
      return of + ": largest over all pairs of items";
    case ItemPairs::kNone:
      break;
  }
  return of;
}

void add_metrics(const Plan& plan, const PairList& list, std::span<const double> scores, PairScore score,
                 const EvaluateOptions& options, Result& result) {
  const int64_t resamples = std::ssize(list.pairs) <= kResampledPairs ? Resampling{}.resamples : 0;
  result.variant["ties"] = "never split: equal scores are accepted or rejected together";
  add_pair_metrics(list, scores,
                   {.score = score,
                    .far = options.far,
                    .subjects = plan.subjects,
                    .resamples = options.resamples.value_or(resamples),
                    .outcomes = options.outcomes},
                   result);
}

}  // namespace

std::string rate_text(double rate) {
  const std::string full = fmt::format("{:.15e}", rate);  // d.ddddde-0x
  const size_t e = full.find('e');
  std::string digits = full.substr(0, e);
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.back() == '.') digits.pop_back();
  const int exponent = std::stoi(full.substr(e + 1));
  return exponent == 0 ? digits : fmt::format("{}e{}", digits, exponent);
}

JoinedItems join_items(const Plan& plan, const Embeddings& embeddings, const Embeddings* flipped,
                       bool concatenated_flip) {
  FR_CHECK(!concatenated_flip || flipped == nullptr,
           "the rows hold the flip already: give no further file of flipped embeddings");
  FR_CHECK(!concatenated_flip || embeddings.dim % 2 == 0,
           "rows of {} values cannot hold an embedding and its flip", embeddings.dim);
  FR_CHECK(flipped == nullptr || flipped->dim == embeddings.dim,
           "the embeddings have {} values a row, the flipped ones {}", embeddings.dim,
           flipped == nullptr ? 0 : flipped->dim);
  const Join original = join(plan, embeddings);
  JoinedItems result{{}, original.missing, original.unusable, original.extra};
  ItemFeatures& features = result.features;
  features.items = std::ssize(plan.items);
  features.dim = concatenated_flip ? embeddings.dim / 2 : embeddings.dim;
  for (const int64_t row : original.rows) {
    features.original.push_back(row < 0 ? nullptr : embeddings.row(row).data());
  }
  if (concatenated_flip) {
    for (const float* row : features.original) {
      features.flipped.push_back(row == nullptr ? nullptr : row + features.dim);
    }
  }
  if (flipped != nullptr) {
    const Join mirror = join(plan, *flipped);
    result.missing += mirror.missing;
    result.unusable += mirror.unusable;
    result.extra += mirror.extra;
    for (size_t i = 0; i < mirror.rows.size(); ++i) {
      features.flipped.push_back(mirror.rows[i] < 0 ? nullptr : flipped->row(mirror.rows[i]).data());
      // Half an item is no item.
      if (features.flipped[i] == nullptr) features.original[i] = nullptr;
      if (features.original[i] == nullptr) features.flipped[i] = nullptr;
    }
  }
  return result;
}

Result evaluate(const Plan& plan, const Embeddings& embeddings, const Embeddings* flipped,
                const EvaluateOptions& options) {
  assert(plan.rankings.empty());  // those are for rank_by_centres and rank_by_classifiers
  Result result = begin_result(plan);
  describe_embeddings(embeddings, result);

  FR_CHECK(!options.legacy_search || !plan.searches.empty(),
           "the legacy rule of 1:N is chosen, but the lists of {} have no 1:N", plan.protocol);
  Stopwatch watch;
  JoinedItems items = join_items(plan, embeddings, flipped, options.concatenated_flip);
  const ItemFeatures& features = items.features;
  result.timing["join"] = watch.lap();

  result.variant["flip"] = features.flipped.empty() ? "no" : "sum of raw embeddings";
  result.counts = {{"items", features.items},
                   {"failed_items", count_failed(features.original)},
                   {"missing_rows", items.missing},
                   {"unusable_rows", items.unusable},
                   {"extra_rows", items.extra}};
  result.metrics["xnorm"] = {.value = mean_norm(features), .rule = "mean norm of the raw embeddings"};
  FR_CHECK(!options.pooling || plan.pooling == Pooling::kMedia,
           "a pooling is chosen for {}, whose templates are no sets of media", plan.protocol);

  if (plan.distractor_search) {  // makes its rows as it goes: templates of all items would be gigabytes
    watch.lap();
    result.environment["score_device"] = name_of(options.device);
    add_distractor_search(plan, items, options, result);
    result.timing["score"] = watch.lap();
    return result;
  }

  TemplateFeatures templates;
  if (plan.pooling == Pooling::kSingle) {
    templates = pool_single(features);
  } else if (plan.pooling == Pooling::kUnitMean) {
    templates = pool_unit_mean(plan, features);
    result.variant["templates"] = "unit mean of unit items, f64";
  } else {
    const MediaPooling pooling = options.pooling.value_or(MediaPooling{.flip = !features.flipped.empty()});
    templates = pool_media(plan, features, pooling);
    result.variant["pooling"] = text(pooling);
    if (!pooling.flip) result.variant["flip"] = "no";
  }
  result.timing["pool"] = watch.lap();

  result.counts["templates"] = templates.count;
  result.counts["failed_templates"] =
      std::count(templates.failed.begin(), templates.failed.end(), uint8_t{1});

  for (const PairList& list : plan.pair_lists) {
    watch.lap();
    const std::vector<double> scores = list.items == ItemPairs::kNone
                                           ? score_pairs(list, templates)
                                           : score_item_pairs(plan, list, features);
    result.timing["score"] += watch.lap();
    result.variant["score"] = score_text(list);
    add_metrics(plan, list, scores, list.score, options, result);
    result.timing["metrics"] += watch.lap();
  }
  if (!plan.searches.empty()) {
    result.environment["score_device"] = name_of(options.device);
    add_search_metrics(plan, templates, options, result);
    result.timing["search"] = watch.lap();
  }
  return result;
}

Result evaluate_scores(const Plan& plan, std::span<const double> scores, bool distances,
                       const EvaluateOptions& options) {
  assert(plan.pair_lists.size() == 1 && scores.size() == plan.pair_lists[0].pairs.size());
  const PairList& list = plan.pair_lists[0];
  // A little beyond the range: cosines of rounded unit vectors.
  const double low = distances ? -1e-3 : -1 - 1e-3, high = distances ? 4 + 1e-3 : 1 + 1e-3;
  const bool unit =
      std::ranges::all_of(scores, [=](double s) { return !std::isfinite(s) || (low <= s && s <= high); });
  Result result = begin_result(plan);
  result.variant["score"] =
      std::string("given: ") +
      (distances ? (unit ? "squared L2 distances" : "distances") : (unit ? "cosines" : "similarities"));
  result.counts = {{"items", std::ssize(plan.items)}, {"templates", std::ssize(plan.templates)}};
  Stopwatch watch;
  const PairScore kind = distances ? (unit ? PairScore::kSquaredDistance : PairScore::kDistance)
                                   : (unit ? PairScore::kDot : PairScore::kSimilarity);
  add_metrics(plan, list, scores, kind, options, result);
  result.timing["metrics"] = watch.lap();
  return result;
}

}  // namespace fr
