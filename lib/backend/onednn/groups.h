// Merged groups. oneDNN has fast kernels for depthwise convolutions and for groups of whole vectors of
// channels; two channels a group run 50 times slower. Neighbouring groups are therefore merged until their
// channels fill vectors of 8, with zeros where the merged group joins channels that were apart.
#pragma once
#include "backend/backend.h"

namespace fr::onednn {

// The geometry to compute with: fewer groups, or the same one where groups are one channel wide, single or
// whole vectors.
ConvGeometry merged(const ConvGeometry& g, Shape x, Shape y);

// Weights (k, c/groups, kernel, kernel) as blocks inside the weights (k, c/merged groups, kernel, kernel).
class GroupBlocks {
 public:
  GroupBlocks(const ConvGeometry& asked, const ConvGeometry& merged, Shape x, Shape y);
  int64_t merged_count() const { return outputs_ * merged_row_; }
  void expand(const float* weights, float* merged_weights) const;      // overwritten, zeros included
  void add_blocks(const float* merged_weights, float* weights) const;  // added to; zeros are left out

 private:
  int64_t offset(int64_t output) const;  // of the output's block in its merged row

  int64_t outputs_, outputs_per_group_, groups_per_merged_, row_, merged_row_;
};

}  // namespace fr::onednn
