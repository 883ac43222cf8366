// Plan.items + Network -> Embeddings: decode, align where landmarks are given, normalise pixels, forward.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "core/embeddings.h"
#include "data/dataset.h"
#include "data/pixels.h"
#include "eval/plan.h"
#include "nn/network.h"

namespace fr {

struct EmbedOptions {
  int64_t batch_size = 32;
  bool flip = true;  // also embed the mirrored crop
  PixelNormalisation normalisation;
  bool progress = true;
};

struct EmbeddedPlan {
  Embeddings original;  // (items, d) raw network outputs, named by item; a failed item's row is NaN
  std::optional<Embeddings> flipped;  // the same of the mirrored crops
  int64_t failed = 0;                 // items whose image could not be decoded or aligned
  std::string preprocessing;          // for the result
};

EmbeddedPlan embed(const Plan& plan, Network& network, const EmbedOptions& options);

// Every image of a data set, in order. `mirror`: of the mirrored crops.
Embeddings embed(const Dataset& dataset, Network& network, const EmbedOptions& options, bool mirror = false);

}  // namespace fr
