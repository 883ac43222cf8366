// Pooling: rows of item embeddings become one f64 unit vector a template (spec 6.1 and 6.4). A template none
// of whose items has an embedding is a failed template.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "eval/plan.h"

namespace fr {

// Raw embeddings of the items, joined: item i's row, and where the flip is used its mirrored crop's row.
struct ItemFeatures {
  int64_t items = 0, dim = 0;
  std::vector<const float*> original;  // (items) -> (dim); null: a failed item
  std::vector<const float*> flipped;   // (items) -> (dim), or empty
};

// L2ROW of spec 6 in f64: v (d) divided by its norm; a zero row is left as it is.
void normalise(double* v, int64_t d);

// The eight variants of IJB (spec 6.4), in the sense of eval_ijbc.py: "N1D1F1" = norm kept, detector score
// used, flip added.
struct MediaPooling {
  bool keep_norm = true, detector_score = true, flip = true;
};
MediaPooling parse_media_pooling(const std::string& text);  // throws fr::Error
std::string text(const MediaPooling& pooling);

struct TemplateFeatures {
  int64_t count = 0, dim = 0;
  std::vector<double> values;   // (count, dim), unit rows; zero rows stay zero
  std::vector<uint8_t> failed;  // (count)
  const double* row(int64_t i) const { return values.data() + i * dim; }
};

// row (dim) = L2ROW of item i's original + flipped, summed and normalised in f64 (spec 6.1). The item must
// not have failed.
void unit_item(const ItemFeatures& features, int64_t i, double* row);

// `count` rows of zeros, none failed.
TemplateFeatures make_templates(int64_t count, int64_t dim);

// One template an item: its unit_item.
TemplateFeatures pool_single(const ItemFeatures& features);

// Media pooling: f32 sums in numpy's row order, L2ROW in f64. Failed items are left out of their medium.
TemplateFeatures pool_media(const Plan& plan, const ItemFeatures& features, const MediaPooling& pooling);

}  // namespace fr
