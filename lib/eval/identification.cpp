#include "eval/identification.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "core/error.h"
#include "eval/roc.h"

namespace fr {

namespace {

Tpir tpir_at(const OpenSetSearch& search, int64_t index) {
  assert(search.mate.size() == search.best_other.size());
  Tpir result;
  result.index = index;
  result.threshold = index < std::ssize(search.unmated) ? search.unmated[static_cast<size_t>(index)]
                                                        : -std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < search.mate.size(); ++i) {
    result.hits += search.mate[i] > result.threshold && search.mate[i] > search.best_other[i];
  }
  result.tpir = search.mate.empty()
                    ? std::numeric_limits<double>::quiet_NaN()
                    : static_cast<double>(result.hits) / static_cast<double>(search.mate.size());
  return result;
}

}  // namespace

MateRank mate_rank(double mate, std::span<const double> others) {
  MateRank rank;
  for (const double other : others) {
    rank.pessimistic += other >= mate;
    rank.optimistic += other > mate;
  }
  return rank;
}

std::vector<double> cumulative_match(std::span<const int64_t> ranks, int64_t depth) {
  std::vector<double> shares;
  for (int64_t k = 1; k <= depth; ++k) {
    const auto hits = std::count_if(ranks.begin(), ranks.end(), [k](int64_t rank) { return rank <= k; });
    shares.push_back(static_cast<double>(hits) / static_cast<double>(ranks.size()));
  }
  return shares;
}

Tpir tpir_exact(const OpenSetSearch& search, double fpir) {
  return tpir_at(search, allowed_false_accepts(fpir, std::ssize(search.unmated)));
}

Tpir tpir_ijb(const OpenSetSearch& search, double fpir) {
  FR_CHECK(!search.unmated.empty(), "the IJB rule needs searches without a mate");
  const auto index = static_cast<int64_t>(static_cast<double>(search.unmated.size()) * fpir) - 1;
  return tpir_at(search, std::clamp<int64_t>(index, 0, std::ssize(search.unmated) - 1));
}

}  // namespace fr
