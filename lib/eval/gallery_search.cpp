#include "eval/gallery_search.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <iterator>
#include <optional>
#include <unordered_map>

#include "core/error.h"
#include "core/parallel.h"
#include "eval/pair_score.h"
#include "eval/roc.h"
#include "eval/score_sinks.h"

namespace fr {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr float kFailed = -std::numeric_limits<float>::infinity();

// The templates of one side that have features.
struct Side {
  std::vector<int64_t> templates;  // indices into Plan::templates
  std::vector<int64_t> subjects;
};

Side usable(const Plan& plan, const std::vector<int64_t>& listed, const TemplateFeatures& features) {
  Side side;
  for (const int64_t t : listed) {
    if (features.failed[static_cast<size_t>(t)]) continue;
    side.templates.push_back(t);
    side.subjects.push_back(plan.subjects[static_cast<size_t>(t)]);
  }
  return side;
}

// row (dim) = template t, rounded.
void read_row(const TemplateFeatures& features, int64_t t, float* row) {
  std::transform(features.row(t), features.row(t) + features.dim, row,
                 [](double v) { return static_cast<float>(v); });
}

RowSet rows_of(const Side& side, const TemplateFeatures& features) {
  return {std::ssize(side.templates), features.dim,
          [&](int64_t i, float* row) { read_row(features, side.templates[static_cast<size_t>(i)], row); }};
}

// k of the legacy rule.
int64_t legacy_count(int64_t probes, double rate) {
  return static_cast<int64_t>(std::ceil(static_cast<double>(probes) * rate));
}

// Subject -> template of the gallery.
std::unordered_map<int64_t, int64_t> index_subjects(const Plan& plan, const GallerySearch& search) {
  std::unordered_map<int64_t, int64_t> mates;
  for (const int64_t t : search.gallery) {
    const int64_t subject = plan.subjects[static_cast<size_t>(t)];
    const auto [known, added] = mates.emplace(subject, t);
    FR_CHECK(added, "1:N: subject {} has the templates {} and {} in gallery {}", subject,
             plan.templates[static_cast<size_t>(known->second)].id, plan.templates[static_cast<size_t>(t)].id,
             search.name);
  }
  return mates;
}

// scores[p] = the score of probe p with its mate, or nothing.
std::vector<std::vector<float>> mate_scores(const Side& probes,
                                            const std::unordered_map<int64_t, int64_t>& mates,
                                            const TemplateFeatures& features) {
  std::vector<std::vector<float>> scores(probes.templates.size());
  parallel_for(std::ssize(scores), [&](int64_t i) {
    const auto p = static_cast<size_t>(i);
    const auto mate = mates.find(probes.subjects[p]);
    if (mate == mates.end() || features.failed[static_cast<size_t>(mate->second)]) return;
    std::vector<float> a(static_cast<size_t>(features.dim)), b(a.size());
    read_row(features, probes.templates[p], a.data());
    read_row(features, mate->second, b.data());
    scores[p] = {pair_score(a.data(), b.data(), features.dim)};
  });
  return scores;
}

}  // namespace

int64_t SearchScores::found(int64_t rank) const {
  return std::count_if(mates.begin(), mates.end(),
                       [=](const MateScore& mate) { return mate.rank > 0 && mate.rank <= rank; });
}

SearchScores search_gallery(const Plan& plan, const GallerySearch& search, const TemplateFeatures& features,
                            int64_t impostors, const StreamOptions& options) {
  const std::unordered_map<int64_t, int64_t> mates = index_subjects(plan, search);
  const Side probes = usable(plan, search.probes, features), gallery = usable(plan, search.gallery, features);
  const std::vector<std::vector<float>> scores = mate_scores(probes, mates, features);
  const Subjects subjects{probes.subjects, gallery.subjects};
  RankSink ranks(scores, subjects);
  TopKSink best(std::ssize(probes.templates), 1, subjects);
  std::optional<TailSink> tail;
  std::vector<ScoreSink*> sinks = {&ranks, &best};
  if (impostors > 0) sinks.push_back(&tail.emplace(impostors, subjects));
  stream_scores(rows_of(probes, features), rows_of(gallery, features), sinks, {}, options);

  SearchScores result{
      .name = search.name, .mates = {}, .strangers = {}, .stranger_probes = {}, .impostors = {}};
  result.gallery = std::ssize(search.gallery);
  result.failed = result.gallery - std::ssize(gallery.templates);
  if (tail) result.impostors = tail->largest();
  std::vector<std::pair<float, int64_t>> strangers;  // negated, so that they ascend
  size_t p = 0;                                      // the next usable probe
  for (const int64_t t : search.probes) {
    MateScore mate{.probe = t};
    if (p < probes.templates.size() && probes.templates[p] == t) {
      const std::vector<TopKSink::Hit> other = best.best(static_cast<int64_t>(p));
      if (!other.empty()) mate.best_other = other[0].score;
      if (!scores[p].empty()) {
        mate.score = scores[p][0];
        mate.rank = 1 + ranks.above(static_cast<int64_t>(p), mate.score).at_least;
      }
      ++p;
    }
    if (mates.contains(plan.subjects[static_cast<size_t>(t)])) {
      result.mates.push_back(mate);
    } else {
      strangers.emplace_back(-mate.best_other, t);
    }
  }
  std::sort(strangers.begin(), strangers.end());
  for (const auto& [negated, probe] : strangers) {
    result.strangers.push_back(-negated);
    result.stranger_probes.push_back(probe);
  }
  return result;
}

TpirAtFpir tpir_at_fpir(const SearchScores& scores, double fpir, FpirRule rule) {
  const int64_t strangers = std::ssize(scores.strangers);
  if (strangers == 0 || scores.mates.empty()) return {0, 0, kNan, kNan, kNan};
  const int64_t k = allowed_false_accepts(fpir, strangers);
  TpirAtFpir result;
  result.index = rule == FpirRule::kExact ? k : std::max<int64_t>(k - 1, 0);
  const float threshold =
      result.index < strangers ? scores.strangers[static_cast<size_t>(result.index)] : kFailed;
  result.threshold = threshold;
  result.hits = std::count_if(scores.mates.begin(), scores.mates.end(), [=](const MateScore& mate) {
    return mate.score > mate.best_other && mate.score > threshold;
  });
  const auto alarms =
      std::lower_bound(scores.strangers.begin(), scores.strangers.end(), threshold, std::greater<>()) -
      scores.strangers.begin();
  result.tpir = static_cast<double>(result.hits) / static_cast<double>(scores.mates.size());
  result.fpir = static_cast<double>(alarms) / static_cast<double>(strangers);
  return result;
}

LegacyRecall legacy_recall(const SearchScores& scores, double rate) {
  LegacyRecall result{.k = legacy_count(scores.probes(), rate)};
  assert(result.k > 0);
  const float threshold = result.k <= std::ssize(scores.impostors)
                              ? scores.impostors[static_cast<size_t>(result.k - 1)]
                              : kFailed;
  result.threshold = threshold;
  result.hits = std::count_if(scores.mates.begin(), scores.mates.end(),
                              [=](const MateScore& mate) { return mate.score > threshold; });
  result.recall = static_cast<double>(result.hits) / static_cast<double>(scores.probes());
  return result;
}

SearchScores search_joined_galleries(const Plan& plan, const TemplateFeatures& templates,
                                     const StreamOptions& options) {
  GallerySearch joined = plan.searches.at(0);
  for (size_t g = 1; g < plan.searches.size(); ++g) {
    assert(plan.searches[g].probes == joined.probes);
    joined.name += "+" + plan.searches[g].name;
    std::vector<int64_t> both;
    std::set_union(joined.gallery.begin(), joined.gallery.end(), plan.searches[g].gallery.begin(),
                   plan.searches[g].gallery.end(), std::back_inserter(both));
    joined.gallery = std::move(both);
  }
  const std::unordered_map<int64_t, int64_t> mates = index_subjects(plan, joined);
  for (const int64_t t : joined.probes) {
    FR_CHECK(
        mates.contains(plan.subjects[static_cast<size_t>(t)]),
        "1:N, legacy rule: probe template {} (subject {}) has no mate in gallery {}, and the rule knows no "
        "such probes",
        plan.templates[static_cast<size_t>(t)].id, plan.subjects[static_cast<size_t>(t)], joined.name);
  }
  return search_gallery(plan, joined, templates,
                        legacy_count(std::ssize(joined.probes),
                                     *std::max_element(std::begin(kLegacyRates), std::end(kLegacyRates))),
                        options);
}

}  // namespace fr
