// Ranking by identity centres: the plain baseline without a classifier (spec 6.7).
#pragma once
#include <span>

#include "eval/item_vectors.h"
#include "eval/plan.h"
#include "eval/ranking.h"
#include "eval/score_stream.h"

namespace fr {

// The ranking.depth best candidates of each identity. Score: the pair_score of the identity's centre, the
// unit mean of its examples, and the candidate; with several sources the mean of their scores by `weights`
// (positive, one a source). A failed example is left out of its centre, a failed candidate is in no list, and
// an identity without a centre has an empty list. `stream`: where it is scored; the same lists.
// fr::Error where no identity has examples.
RankedLists rank_by_centres(const Ranking& ranking, std::span<const ItemVectors> sources,
                            std::span<const double> weights, StreamOptions stream = {});

}  // namespace fr
