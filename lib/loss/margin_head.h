// The one head of the softmax family: streamed margin softmax on this rank's shard of the classes.
// - Classes pass in tiles, forward (running log-sum-exp) and again backward: no (n, classes) array exists,
// and
//   each tile's class gradient is complete when the tile is left.
// - The target's cosine, its margin and the loss are computed in double, the tiles in f32.
// - Classes may be spread over the ranks of a Comm (spec 1.6); x and labels are then the same global batch on
//   each.
#pragma once
#include <string>
#include <vector>

#include "comm/comm.h"
#include "loss/head_kernels.h"
#include "loss/loss.h"
#include "loss/margin.h"

namespace fr {

// What tells one head from another. With `normalise`, logits are scale * cosine; without, x w^T + bias.
struct HeadSpec {
  bool normalise = true, bias = false;
  double scale = 64;
  std::string margins{};  // for describe(): "m2 0.5"
};

class MarginHead final : public Loss {
 public:
  MarginHead(const LossOptions& options, Backend& backend, HeadSpec spec, TargetMargin margin);
  Parameters& parameters() override { return parameters_; }
  void initialise(uint64_t seed) override;
  double forward_backward(const View& x, std::span<const int32_t> labels, const View& dx) override;
  double logit_scale() const override { return spec_.normalise ? spec_.scale : 0; }
  std::string describe() const override;
  double overflowed() const override;
  std::span<const float> row_losses() const override { return row_losses_.floats(); }
  std::span<const float> target_logits() const override { return target_logits_.floats(); }
  const ClassShard& shard() const { return shard_; }

 private:
  void resize(int64_t n);
  void take_labels(std::span<const int32_t> labels);
  head::Tile tile(int64_t begin) const;
  void compute_tile(const head::Tile& tile);
  void forward_targets(const View& x);
  void forward_tiles();
  double finish_forward();
  void backward_tiles();
  void backward_tile(const head::Tile& tile);

  LossOptions options_;
  HeadSpec spec_;
  TargetMargin margin_;
  Backend& backend_;
  Comm& comm_;
  Device device_ = Device::kCpu;
  ClassShard shard_;
  int64_t d_, tile_classes_;
  Parameters parameters_;
  float* weight_;           // (shard, d)
  float* bias_ = nullptr;   // (shard), with spec_.bias
  float* dweight_;          // (shard, d)
  float* dbias_ = nullptr;  // (shard)
  head::LogitRule rule_;

  // Per class, kept from forward to backward.
  Tensor inverse_w_;  // (shard) 1/|w|, or 1
  // Per tile.
  Tensor no_bias_;         // (tile) zeros
  Tensor products_;        // (n, tile) products, logits, then gradients
  Tensor dtile_, radial_;  // (tile, d), (tile)
  // Per row of the batch.
  int64_t n_ = 0;
  std::vector<int32_t> local_labels_;          // (n) within the shard, or -1
  std::vector<double> cosines_;                // (n) of the targets; unused where elsewhere
  std::vector<MarginValue> targets_;           // (n)
  std::vector<double> sums_, losses_;          // (n) sum of exp(logit - max); loss
  Tensor max_, next_max_;                      // (n)
  Tensor coefficients_, target_coefficients_;  // (n) see head::RowGradient
  Tensor unit_x_, inverse_x_, dunit_x_;        // (n, d), (n), (n, d)
  Tensor row_losses_, target_logits_;          // (n)
};

}  // namespace fr
