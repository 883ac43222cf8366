#include "backend/onednn/groups.h"

#include <algorithm>

namespace fr::onednn {

namespace {

constexpr int64_t kVector = 8;

}  // namespace

ConvGeometry merged(const ConvGeometry& g, Shape x, Shape y) {
  const int64_t inputs = x.c / g.groups, outputs = y.c / g.groups;
  ConvGeometry result = g;
  if (g.groups == 1 || (inputs == 1 && outputs == 1)) return result;
  for (int64_t together = 1; together <= g.groups; ++together) {
    if (g.groups % together != 0) continue;
    result.groups = g.groups / together;
    if (inputs * together % kVector == 0 && outputs * together % kVector == 0) break;
  }
  return result;
}

GroupBlocks::GroupBlocks(const ConvGeometry& asked, const ConvGeometry& merged, Shape x, Shape y)
    : outputs_(y.c),
      outputs_per_group_(y.c / asked.groups),
      groups_per_merged_(asked.groups / merged.groups),
      row_(x.c / asked.groups * asked.kernel * asked.kernel),
      merged_row_(row_ * groups_per_merged_) {}

int64_t GroupBlocks::offset(int64_t output) const {
  return output * merged_row_ + output / outputs_per_group_ % groups_per_merged_ * row_;
}

void GroupBlocks::expand(const float* weights, float* merged_weights) const {
  std::fill_n(merged_weights, merged_count(), 0.0f);
  for (int64_t k = 0; k < outputs_; ++k) std::copy_n(weights + k * row_, row_, merged_weights + offset(k));
}

void GroupBlocks::add_blocks(const float* merged_weights, float* weights) const {
  for (int64_t k = 0; k < outputs_; ++k) {
    const float* const block = merged_weights + offset(k);
    for (int64_t i = 0; i < row_; ++i) weights[k * row_ + i] += block[i];
  }
}

}  // namespace fr::onednn
