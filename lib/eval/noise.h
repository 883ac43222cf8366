// insightface's cleaning of MegaFace features, remove_noises (spec 6.3), on the plan's items instead of on
// files.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "eval/plan.h"
#include "eval/pool.h"

namespace fr {

// The random part of a replaced probe: component k of the j-th noise probe in list order.
using NoiseVector = std::function<double(int64_t j, int64_t k)>;

// Uniform in [-0.001, 0.001), from the stream "megaface noise" of `seed`.
NoiseVector seeded_noise(uint64_t seed);

// Each probe that search.noise marks gets (sum of the unit rows of its person's clean probes + the random
// vector) / its norm; where none of those is usable it fails. Returns the new rows (noise probes, dim), which
// features.original then points into.
std::vector<float> replace_noise_probes(const Plan& plan, ItemFeatures& features, const NoiseVector& random);

// Features that went through remove_noises have one dimension more: 0 for whatever stays, 100 for a noise
// distractor. True if these are such; then `search.noise` marks the latter.
bool mark_cleaned_features(DistractorSearch& search, const ItemFeatures& features);

}  // namespace fr
