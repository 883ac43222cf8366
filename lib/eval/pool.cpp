#include "eval/pool.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/parallel.h"
#include "eval/pair_score.h"

namespace fr {

namespace {

// f (d): what item i adds to its medium, f32 throughout.
void item_feature(const Plan& plan, const ItemFeatures& features, const MediaPooling& pooling, int64_t i,
                  std::vector<float>& f) {
  const auto item = static_cast<size_t>(i);
  const float* original = features.original[item];
  for (size_t k = 0; k < f.size(); ++k) {
    f[k] = pooling.flip ? original[k] + features.flipped[item][k] : original[k];
  }
  if (!pooling.keep_norm) {
    const float length = norm(f.data(), features.dim);
    if (length != 0) {
      for (float& v : f) v /= length;
    }
  }
  if (pooling.detector_score) {
    for (float& v : f) v *= plan.items[item].detector_score;
  }
}

// sum (d) = the sum over the template's media of the mean over a medium's items. False when every item
// failed.
bool sum_media(const Plan& plan, const ItemFeatures& features, const MediaPooling& pooling,
               const Template& of, std::vector<float>& sum) {
  std::vector<float> medium_sum(sum.size()), feature(sum.size());
  bool any = false;
  for (const Medium& medium : of.media) {
    int64_t used = 0;
    for (const int64_t item : medium.items) {
      if (features.original[static_cast<size_t>(item)] == nullptr) continue;
      item_feature(plan, features, pooling, item, feature);
      // The first row is copied, not added to 0, as numpy's reduction does.
      for (size_t k = 0; k < sum.size(); ++k) {
        medium_sum[k] = used == 0 ? feature[k] : medium_sum[k] + feature[k];
      }
      ++used;
    }
    if (used == 0) continue;
    if (used > 1) {
      for (float& v : medium_sum) v /= static_cast<float>(used);
    }
    for (size_t k = 0; k < sum.size(); ++k) sum[k] = any ? sum[k] + medium_sum[k] : medium_sum[k];
    any = true;
  }
  return any;
}

}  // namespace

void normalise(double* v, int64_t d) {
  const double length = norm(v, d);
  if (length == 0) return;
  for (int64_t k = 0; k < d; ++k) v[k] /= length;
}

MediaPooling parse_media_pooling(const std::string& text) {
  const auto digit = [&](size_t i) { return text[i] == '0' || text[i] == '1'; };
  FR_CHECK(text.size() == 6 && text[0] == 'N' && text[2] == 'D' && text[4] == 'F' && digit(1) && digit(3) &&
               digit(5),
           "pooling '{}' is not of the form N1D1F1 (norm kept, detector score, flip; each 0 or 1)", text);
  return {text[1] == '1', text[3] == '1', text[5] == '1'};
}

std::string text(const MediaPooling& pooling) {
  return fmt::format("N{:d}D{:d}F{:d}", pooling.keep_norm, pooling.detector_score, pooling.flip);
}

void unit_item(const ItemFeatures& features, int64_t i, double* row) {
  const auto item = static_cast<size_t>(i);
  const float* original = features.original[item];
  const float* flipped = features.flipped.empty() ? nullptr : features.flipped[item];
  for (int64_t k = 0; k < features.dim; ++k) {
    row[k] = static_cast<double>(original[k]) + (flipped ? static_cast<double>(flipped[k]) : 0.0);
  }
  normalise(row, features.dim);
}

TemplateFeatures make_templates(int64_t count, int64_t dim) {
  return {count, dim, std::vector<double>(static_cast<size_t>(count * dim)),
          std::vector<uint8_t>(static_cast<size_t>(count))};
}

TemplateFeatures pool_single(const ItemFeatures& features) {
  TemplateFeatures result = make_templates(features.items, features.dim);
  parallel_for(features.items, [&](int64_t i) {
    if (features.original[static_cast<size_t>(i)] == nullptr) {
      result.failed[static_cast<size_t>(i)] = 1;
    } else {
      unit_item(features, i, result.values.data() + i * features.dim);
    }
  });
  return result;
}

TemplateFeatures pool_media(const Plan& plan, const ItemFeatures& features, const MediaPooling& pooling) {
  FR_CHECK(!pooling.flip || !features.flipped.empty(),
           "pooling {} adds the flipped embeddings, but none are given", text(pooling));
  TemplateFeatures result = make_templates(std::ssize(plan.templates), features.dim);
  parallel_for(result.count, [&](int64_t t) {
    std::vector<float> sum(static_cast<size_t>(features.dim));
    const auto index = static_cast<size_t>(t);
    if (!sum_media(plan, features, pooling, plan.templates[index], sum)) {
      result.failed[index] = 1;
      return;
    }
    if (!std::ranges::all_of(sum, [](float v) { return std::isfinite(v); })) {  // f32 overflowed
      result.failed[index] = 1;
      return;
    }
    double* row = result.values.data() + t * features.dim;
    std::copy(sum.begin(), sum.end(), row);
    normalise(row, features.dim);
  });
  return result;
}

}  // namespace fr
