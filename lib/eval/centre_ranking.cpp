#include "eval/centre_ranking.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/parallel.h"
#include "eval/pair_score.h"

namespace fr {

namespace {

// Vectors of all sources side by side, each times its factor: their dot product is the weighted mean score.
struct Joined {
  std::span<const ItemVectors> sources;
  std::vector<float> factors;  // (sources) square roots of the shares of the weights
  int64_t dim = 0;

  Joined(std::span<const ItemVectors> of, std::span<const double> weights) : sources(of) {
    assert(of.size() == weights.size());
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (size_t s = 0; s < of.size(); ++s) {
      factors.push_back(static_cast<float>(std::sqrt(weights[s] / total)));
      dim += of[s].dim();
    }
  }

  void read(int64_t item, float* vector) const {
    for (size_t s = 0; s < sources.size(); vector += sources[s++].dim()) {
      sources[s].read(item, vector);
      for (int64_t k = 0; k < sources[s].dim(); ++k) vector[k] *= factors[s];
    }
  }

  void centre(std::span<const int64_t> items, float* vector) const {
    for (size_t s = 0; s < sources.size(); vector += sources[s++].dim()) {
      const auto d = static_cast<size_t>(sources[s].dim());
      std::vector<float> row(d);
      std::vector<double> sum(d);
      for (const int64_t item : items) {
        sources[s].read(item, row.data());
        for (size_t k = 0; k < d; ++k) sum[k] += static_cast<double>(row[k]);
      }
      const double length = norm(sum.data(), sources[s].dim());
      const double scale = length > 0 ? static_cast<double>(factors[s]) / length : 0;
      for (size_t k = 0; k < d; ++k) vector[k] = static_cast<float>(sum[k] * scale);
    }
  }
};

}  // namespace

RankedLists rank_by_centres(const Ranking& ranking, std::span<const ItemVectors> sources,
                            std::span<const double> weights, StreamOptions stream) {
  const Joined joined(sources, weights);
  std::vector<size_t> queries;
  for (size_t q = 0; q < ranking.examples.size(); ++q) {
    if (!usable_items(ranking.examples[q], sources).empty()) queries.push_back(q);
  }
  FR_CHECK(!queries.empty(), "no identity has an example with an embedding, to make a centre of");
  const std::vector<int64_t> candidates = usable_items(ranking.candidates, sources);

  std::vector<float> centres(queries.size() * static_cast<size_t>(joined.dim));
  std::vector<float> rows(candidates.size() * static_cast<size_t>(joined.dim));
  parallel_for(std::ssize(queries), [&](int64_t i) {
    joined.centre(ranking.examples[queries[static_cast<size_t>(i)]], centres.data() + i * joined.dim);
  });
  parallel_for(std::ssize(candidates), [&](int64_t i) {
    joined.read(candidates[static_cast<size_t>(i)], rows.data() + i * joined.dim);
  });
  const auto rows_of = [&](const std::vector<float>& values, int64_t count) {
    return RowSet{count, joined.dim, [&values, dim = joined.dim](int64_t i, float* row) {
                    std::copy_n(values.data() + i * dim, dim, row);
                  }};
  };
  TopKSink best(std::ssize(queries), ranking.depth);
  ScoreSink* const sinks[] = {&best};
  stream.progress = "scores";
  stream_scores(rows_of(centres, std::ssize(queries)), rows_of(rows, std::ssize(candidates)), sinks, {},
                stream);

  RankedLists lists(ranking.identities.size());
  for (size_t i = 0; i < queries.size(); ++i)
    lists[queries[i]] = ranked_items(best, static_cast<int64_t>(i), candidates);
  return lists;
}

}  // namespace fr
