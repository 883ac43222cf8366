// The one head of the softmax family: streamed margin softmax on this rank's shard of the classes.
// - Classes pass in tiles, forward (running log-sum-exp) and again backward: no (n, classes) array exists,
// and
//   each tile's class gradient is complete when the tile is left: then its rows can be stepped at once.
// - The target's cosine, its margin and the loss are computed in double, the tiles in f32. Where the
// backend's
//   activations are bf16, so are the factors of a tile's products, and its gradients; sums stay f32. Weights
//   are rounded tile by tile, forward and backward: a copy kept for all classes would cost 2 bytes a value
//   more to hold, and no fewer to move (2 reads of 4 bytes against 2 of 2, 1 of 4 for the norms, a write of
//   2).
// - With sampled classes (spec 1.6) the columns of the tiles are those of the step's sample.
// - Classes may be spread over the ranks of a Comm (spec 1.6); x and labels are then the same global batch on
//   each. The Comm works on the host's memory.
#pragma once
#include <optional>
#include <string>

#include "comm/comm.h"
#include "core/array.h"
#include "loss/head_memory.h"
#include "loss/head_tiles.h"
#include "loss/loss.h"
#include "loss/margin.h"
#include "loss/sampled_classes.h"

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
  void enqueue(const View& x, const int32_t* labels, const View& dx, double* loss) override;
  double forward_backward(const View& x, std::span<const int32_t> labels, const View& dx) override;
  void set_rate(double lr) override;
  const View& momentum() const override { return momentum_; }
  void gradient_squares(double* square) override;
  void set_step(int64_t step) override;
  double logit_scale() const override { return spec_.normalise ? spec_.scale : 0; }
  std::string describe() const override;
  double overflowed() const override;
  std::span<const float> row_losses() const override { return on_host(row_losses_, host_row_losses_); }
  std::span<const float> target_logits() const override {
    return on_host(target_logits_, host_target_logits_);
  }
  const ClassShard& shard() const { return shard_; }

 private:
  HeadSizes sizes(int64_t n) const;
  void resize(int64_t n);
  void resize_columns();
  void resize_tile();
  void take_labels(const int32_t* labels);
  void take_units(const View& x);
  head::Tile tile(int64_t begin) const;
  head::ClassGradients class_gradients() const;
  void take_classes(const head::Tile& tile, bool norms);
  struct Factor {  // of a product: in bf16 where bf16_
    const float* f32;
    const Bf16* bf16;
  };
  void multiply(const Backend::Gemm& gemm, const Factor& a, const Factor& b, float* c);
  void compute_tile(const head::Tile& tile);
  void forward_targets(const View& x);
  void forward_tiles();
  void finish_forward(double* loss);
  void backward_tiles();
  void backward_tile(const head::Tile& tile);
  bool adds_products() const;
  std::span<const float> on_host(const Tensor& values, Tensor& copy) const;

  LossOptions options_;
  HeadSpec spec_;
  TargetMargin margin_;
  Backend& backend_;
  Comm& comm_;
  Device device_;
  bool bf16_;
  ClassShard shard_;
  int64_t d_, tile_classes_;  // values of an embedding, columns of a tile
  int64_t parts_;             // see head::Tile
  Parameters parameters_;
  float* weight_ = nullptr;  // (shard, d)
  float* bias_ = nullptr;    // (shard), with spec_.bias
  Tensor momentum_, rate_;   // (parameters), (1) with SGD
  head::LogitRule rule_;
  std::optional<SampledClasses> sampled_;

  // Per column of a step: a class of the shard, or a sampled one. Kept from forward to backward.
  int64_t columns_ = 0;
  Tensor inverse_w_;                       // (columns) 1/|w|, or 1
  Array<double> squares_, square_chunks_;  // (columns), (chunks) with SGD
  // Per tile.
  Tensor tile_bias_;            // (tile) zeros, or of sampled classes
  Tensor products_;             // (n, tile) products, logits, then gradients
  Tensor tile_weights_;         // (tile, d) of sampled classes in f32
  Array<Bf16> tile_weights16_;  // (tile, d) in bf16
  Array<Bf16> gradients16_;     // (n, tile) in bf16
  Tensor dtile_, radial_;       // (tile, d), (tile)
  // Per row of the batch.
  int64_t n_ = 0;
  Array<int32_t> given_labels_;                // (n) of forward_backward
  Array<int32_t> local_labels_;                // (n) within the shard, or -1
  Array<int32_t> column_labels_;               // (n) column, or -1; with sampled classes
  Array<double> cosines_;                      // (n) of the targets; unused where elsewhere
  Array<MarginValue> targets_;                 // (n)
  Array<double> sums_, losses_;                // (n) sum of exp(logit - max); loss
  Array<double> mean_loss_;                    // (1) of forward_backward
  Tensor max_, next_max_, partial_;            // (n), (n), (n, parts)
  Tensor coefficients_, target_coefficients_;  // (n) see head::RowGradient
  Tensor unit_x_, inverse_x_, dunit_x_;        // (n, d), (n), (n, d)
  Array<Bf16> unit_x16_;                       // (n, d) in bf16
  Tensor row_losses_, target_logits_;          // (n)
  mutable Tensor host_row_losses_, host_target_logits_;
};

}  // namespace fr
