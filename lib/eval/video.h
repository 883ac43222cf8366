// Videos as sets of unit frames (spec 6.2): one mean vector each, or all pairs of their frames.
#pragma once
#include <vector>

#include "eval/plan.h"
#include "eval/pool.h"

namespace fr {

// Pooling::kUnitMean: L2ROW of the mean of a template's unit items, f64. Failed items are left out; a
// template of failed items fails.
TemplateFeatures pool_unit_mean(const Plan& plan, const ItemFeatures& features);

// (pairs): what list.items asks of the squared distances of all pairs of the two templates' unit items. +inf
// where a template failed.
std::vector<double> score_item_pairs(const Plan& plan, const PairList& list, const ItemFeatures& features);

}  // namespace fr
