#include "eval/plan_counts.h"

#include <algorithm>

#include "eval/distractor_search.h"

namespace fr {

std::vector<std::pair<std::string, int64_t>> plan_counts(const Plan& plan) {
  std::vector<std::pair<std::string, int64_t>> counts = {{"items", std::ssize(plan.items)}};
  if (!plan.templates.empty()) counts.emplace_back("templates", std::ssize(plan.templates));
  for (const PairList& list : plan.pair_lists) {
    const auto genuine =
        std::count_if(list.pairs.begin(), list.pairs.end(), [](const Pair& p) { return p.same; });
    counts.emplace_back("pairs", std::ssize(list.pairs));
    counts.emplace_back("genuine", genuine);
    counts.emplace_back("impostor", std::ssize(list.pairs) - genuine);
    if (list.folds > 0) counts.emplace_back("folds", list.folds);
  }
  if (plan.distractor_search) {
    const Trials trials = make_trials(*plan.distractor_search, plan.subjects);
    counts.insert(counts.end(), {{"probes", std::ssize(plan.distractor_search->probes)},
                                 {"people", trials.people},
                                 {"trials", trials.count()},
                                 {"distractors", std::ssize(plan.distractor_search->distractors)}});
  }
  for (const GallerySearch& search : plan.searches) {
    if (&search == &plan.searches[0]) counts.emplace_back("probes", std::ssize(search.probes));
    counts.emplace_back("gallery_" + search.name, std::ssize(search.gallery));
  }
  counts.insert(counts.end(), plan.counts.begin(), plan.counts.end());
  return counts;
}

}  // namespace fr
