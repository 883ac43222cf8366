// Ranking by what one or several classifiers make of each candidate (spec 6.7).
#pragma once
#include <memory>
#include <span>

#include "embed/classifier.h"
#include "eval/item_vectors.h"
#include "eval/plan.h"
#include "eval/ranking.h"

namespace fr {

// The ranking.depth best candidates of each identity by class probability: with several classifiers by the
// mean of theirs, weighted (positive, one a classifier). One source serves all classifiers, or each has its
// own. A class that no identity of the ranking has, such as the background, only takes its share. A candidate
// that failed in a classifier's source has no probability from it; one that failed in all is in no list, nor
// is anything in the list of an identity without a class. fr::Error where sizes do not fit.
RankedLists rank_by_classifiers(const Ranking& ranking,
                                std::span<const std::unique_ptr<Classifier>> classifiers,
                                std::span<const ItemVectors> sources, std::span<const double> weights);

}  // namespace fr
