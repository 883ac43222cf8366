#include "embed/classifier_ranking.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "eval/score_sinks.h"

namespace fr {

namespace {

constexpr int64_t kBlock = 512;  // candidates at a time: the batch of every network

// One classifier of the ensemble and its work space.
struct Member {
  Classifier& classifier;
  const ItemVectors& source;
  double weight;                // its share of all weights
  std::vector<int64_t> labels;  // (queries) class of the identity, or -1
  Tensor vectors;               // (kBlock, input_size, 1, 1)
  std::vector<double> shares;   // (kBlock, classes)

  Member(Classifier& c, const ItemVectors& s, double w, const Ranking& ranking)
      : classifier(c),
        source(s),
        weight(w),
        vectors(Tensor::zeros({kBlock, s.dim(), 1, 1})),
        shares(static_cast<size_t>(kBlock * c.classes())) {
    for (const int64_t identity : ranking.identities) labels.push_back(c.class_of(identity));
  }

  // Adds the weighted probabilities of up to kBlock items to means (kBlock, queries).
  void add(std::span<const int64_t> items, std::span<double> means) {
    parallel_for(std::ssize(items), [&](int64_t i) {
      const int64_t item = items[static_cast<size_t>(i)];
      if (source.has(item)) source.read(item, vectors.f32() + i * source.dim());
    });
    classifier.classify(vectors, shares);
    const auto queries = std::ssize(labels);
    parallel_for(std::ssize(items), [&](int64_t i) {
      if (!source.has(items[static_cast<size_t>(i)])) return;
      for (int64_t q = 0; q < queries; ++q) {
        const int64_t label = labels[static_cast<size_t>(q)];
        if (label < 0) continue;
        means[static_cast<size_t>(i * queries + q)] +=
            weight * shares[static_cast<size_t>(i * classifier.classes() + label)];
      }
    });
  }
};

std::vector<Member> members_of(const Ranking& ranking,
                               std::span<const std::unique_ptr<Classifier>> classifiers,
                               std::span<const ItemVectors> sources, std::span<const double> weights) {
  assert(!classifiers.empty() && weights.size() == classifiers.size());
  FR_CHECK(sources.size() == 1 || sources.size() == classifiers.size(),
           "{} classifiers and {} sources of vectors: one for all of them, or one for each",
           classifiers.size(), sources.size());
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<Member> members;
  for (size_t m = 0; m < classifiers.size(); ++m) {
    const ItemVectors& source = sources[sources.size() == 1 ? 0 : m];
    FR_CHECK(classifiers[m]->input_size() == source.dim(),
             "{}: {} numbers an item, but classifier {} reads {}", source.text(), source.dim(), m + 1,
             classifiers[m]->input_size());
    members.emplace_back(*classifiers[m], source, weights[m] / total, ranking);
  }
  return members;
}

}  // namespace

RankedLists rank_by_classifiers(const Ranking& ranking,
                                std::span<const std::unique_ptr<Classifier>> classifiers,
                                std::span<const ItemVectors> sources, std::span<const double> weights) {
  std::vector<Member> members = members_of(ranking, classifiers, sources, weights);
  const std::vector<int64_t> candidates = usable_items(ranking.candidates, sources);
  const auto queries = std::ssize(ranking.identities);
  TopKSink best(queries, ranking.depth);
  std::vector<double> floors(ranking.identities.size());  // (queries) a mean up to it changes nothing
  std::vector<double> means(static_cast<size_t>(kBlock * queries));  // (kBlock, queries)
  Progress progress("classifying", std::ssize(candidates), "videos");
  for (int64_t begin = 0; begin < std::ssize(candidates); begin += kBlock) {
    const int64_t count = std::min(kBlock, std::ssize(candidates) - begin);
    std::ranges::fill(means, 0.0);
    for (Member& member : members)
      member.add(std::span(candidates).subspan(static_cast<size_t>(begin), static_cast<size_t>(count)),
                 means);
    // Scores are logarithms: near 1, probabilities in f32 would tie.
    parallel_for(queries, [&](int64_t q) {
      double& floor = floors[static_cast<size_t>(q)];
      for (int64_t i = 0; i < count; ++i) {
        const double mean = means[static_cast<size_t>(i * queries + q)];
        if (mean <= floor) continue;
        best.take_one(q, begin + i, static_cast<float>(std::log(mean)), omp_get_thread_num());
        floor = 0.999 * std::exp(static_cast<double>(best.cut(q)));
      }
    });
    progress.update(begin + count);
  }
  progress.finish();

  RankedLists lists(ranking.identities.size());
  for (int64_t q = 0; q < queries; ++q) lists[static_cast<size_t>(q)] = ranked_items(best, q, candidates);
  return lists;
}

}  // namespace fr
