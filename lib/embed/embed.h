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
  PixelNormalisation normalisation = {};
  bool progress = true;
};

struct EmbeddedPlan {
  Embeddings original;  // (items, d) raw network outputs, named by item; a failed item's row is NaN
  std::optional<Embeddings> flipped;  // the same of the mirrored crops
  int64_t failed = 0;                 // items whose image could not be read, decoded or aligned
  std::string first_failure;          // why the first of them failed; empty when none did
  std::string preprocessing;          // for the result
};

// Images are decoded one batch ahead by a second thread. Throws fr::Error when a plan was made without
// images, a pack is unreadable, or every item fails.
EmbeddedPlan embed(const Plan& plan, Network& network, const EmbedOptions& options);

// Every image of a data set, in order, named by Dataset::item_name; an unreadable one is a NaN row. `mirror`:
// of the mirrored crops.
Embeddings embed(const Dataset& dataset, Network& network, const EmbedOptions& options, bool mirror = false);

}  // namespace fr
