// What a search of probes in a gallery gives (spec 6.3, 6.5): rank of the mate, CMC, TPIR at an FPIR. Ties
// are decided against the mate unless the name says optimistic.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace fr {

// The rank of a mate among the gallery, from 1. Pessimistic: behind all others of its score.
struct MateRank {
  int64_t pessimistic = 1, optimistic = 1;
};

// others: the scores of everybody but the mate.
MateRank mate_rank(double mate, std::span<const double> others);

// Share of `ranks` that are at most k, for k = 1 … depth; NaN without ranks.
std::vector<double> cumulative_match(std::span<const int64_t> ranks, int64_t depth);

// Searches with a mate, and the best score of each search without one.
struct OpenSetSearch {
  std::vector<double> mate, best_other;  // (mated): of the mate, and the best of everybody else
  std::vector<double> unmated;           // (unmated), descending
};

// A mate is found when it exceeds the threshold and everybody else, both strictly.
struct Tpir {
  int64_t index = 0;  // of the threshold in `unmated`; unmated.size(): -infinity
  int64_t hits = 0;
  double threshold = 0, tpir = 0;  // tpir: hits / mated, NaN without any
};

// The exact rule: the largest FPIR <= fpir, so index = largest k with k / unmated <= fpir.
Tpir tpir_exact(const OpenSetSearch& search, double fpir);

// The rule of the IJB 1:N code: index = max(int(unmated * fpir) - 1, 0). Throws fr::Error without unmated
// searches, where that code fails.
Tpir tpir_ijb(const OpenSetSearch& search, double fpir);

}  // namespace fr
