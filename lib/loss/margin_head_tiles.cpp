// The margin head's memory, and its passes over the tiles.
#include <algorithm>

#include "loss/margin_head.h"

namespace fr {

HeadSizes MarginHead::sizes(int64_t n) const {
  return {.classes = shard_.count(),
          .d = d_,
          .rows = n,
          .tile = tile_classes_,
          .sampled = sampled_ ? columns_ : 0,
          .normalise = spec_.normalise,
          .bias = spec_.bias,
          .sgd = options_.sgd.has_value(),
          .bf16 = bf16_,
          .parts = parts_};
}

void MarginHead::resize(int64_t n) {
  if (n == n_) return;
  const bool first = n_ == 0;
  n_ = n;
  if (sampled_) sampled_->resize(n);
  resize_columns();
  if (first && device_ == Device::kCuda) {
    const int64_t held = parameters_.view().bytes() + momentum_.view().bytes();
    check_head_memory(options_.name.c_str(), sizes(n), free_bytes(device_) + held);
  }
  const auto f32 = [&](Shape shape) { return Tensor(shape, {}, DType::kF32, device_); };
  local_labels_ = Array<int32_t>(n, device_);
  if (sampled_) column_labels_ = Array<int32_t>(n, device_);
  cosines_ = Array<double>(n, device_);
  targets_ = Array<MarginValue>(n, device_);
  sums_ = Array<double>(n, device_);
  losses_ = Array<double>(n, device_);
  for (Tensor* tensor :
       {&max_, &next_max_, &coefficients_, &target_coefficients_, &inverse_x_, &row_losses_, &target_logits_})
    *tensor = f32({.n = n});
  if (parts_ > 1) partial_ = f32({n, parts_});
  unit_x_ = f32({n, d_});
  dunit_x_ = f32({n, d_});
  if (bf16_) unit_x16_ = Array<Bf16>(n * d_, device_);
  resize_tile();
}

void MarginHead::resize_columns() {
  const int64_t columns = sampled_ ? sampled_->columns() : shard_.count();
  if (columns == columns_) return;
  columns_ = columns;
  inverse_w_ = Tensor({.n = columns}, {}, DType::kF32, device_);
  head::fill(device_, columns, 1.0f, inverse_w_.f32());
  if (!options_.sgd) return;
  squares_ = Array<double>(columns, device_);
  square_chunks_ = Array<double>(head::sum_chunks(columns), device_);
}

void MarginHead::resize_tile() {
  const int64_t tile = std::min(tile_classes_, std::max<int64_t>(columns_, 1));
  const auto f32 = [&](Shape shape) { return Tensor(shape, {}, DType::kF32, device_); };
  products_ = f32({n_, tile});
  if (bf16_) gradients16_ = Array<Bf16>(n_ * tile, device_);
  tile_bias_ = Tensor::zeros({.n = tile}, {}, DType::kF32, device_);
  radial_ = f32({.n = tile});
  if (!adds_products()) dtile_ = f32({tile, d_});
  if (bf16_)
    tile_weights16_ = Array<Bf16>(tile * d_, device_);
  else if (sampled_)
    tile_weights_ = f32({tile, d_});
}

// Columns from `begin` on, up to one tile.
head::Tile MarginHead::tile(int64_t begin) const {
  return {.values = products_.f32(),
          .gradients = bf16_ ? gradients16_.data() : nullptr,
          .w = sampled_ ? tile_weights_.f32() : weight_ + begin * d_,
          .w_bf16 = tile_weights16_.data(),
          .inverse = inverse_w_.f32() + begin,
          .bias = spec_.bias && !sampled_ ? bias_ + begin : tile_bias_.f32(),
          .labels = sampled_ ? column_labels_.data() : local_labels_.data(),
          .classes = sampled_ ? sampled_->index() + begin : nullptr,
          .used = sampled_ ? sampled_->used() : nullptr,
          .n = n_,
          .begin = begin,
          .count = std::min(tile_classes_, columns_ - begin),
          .partial = partial_.f32(),
          .parts = parts_};
}

// The tile's weights where they are not used in place, and their norms.
void MarginHead::take_classes(const head::Tile& t, bool norms) {
  norms = norms && spec_.normalise;
  const head::Take take{.w = weight_,
                        .classes = t.classes,
                        .begin = t.begin,
                        .count = t.count,
                        .d = d_,
                        .inverse = norms ? t.inverse : nullptr};
  if (bf16_)
    head::take_rows(device_, take, tile_weights16_.data());
  else if (sampled_)
    head::take_rows(device_, take, tile_weights_.f32());
  else if (norms)
    head::inverse_norms(device_, t.count, d_, t.w, t.inverse);
  if (spec_.bias && sampled_) head::take_bias(device_, t.count, t.classes, bias_, tile_bias_.f32());
}

void MarginHead::multiply(const Backend::Gemm& gemm, const Factor& a, const Factor& b, float* c) {
  if (bf16_)
    backend_.gemm_bf16(gemm, a.bf16, b.bf16, c);
  else
    backend_.gemm(gemm, a.f32, b.f32, c);
}

void MarginHead::compute_tile(const head::Tile& t) {
  multiply({.transpose_b = true, .m = n_, .n = t.count, .k = d_, .lda = d_, .ldb = d_, .ldc = t.count},
           {unit_x_.f32(), unit_x16_.data()}, {t.w, t.w_bf16}, t.values);
}

void MarginHead::forward_tiles() {
  const head::RunningSum running{max_.f32(), next_max_.f32(), sums_.data()};
  head::start_sums(device_, n_, local_labels_.data(), target_logits_.f32(), running);
  for (int64_t begin = 0; begin < columns_; begin += tile_classes_) {
    const head::Tile t = tile(begin);
    take_classes(t, true);
    compute_tile(t);
    head::add_tile(device_, t, rule_, running);
  }
}

void MarginHead::backward_tiles() {
  if (columns_ == 0) zero_bytes(device_, dunit_x_.f32(), dunit_x_.view().bytes());
  for (int64_t begin = 0; begin < columns_; begin += tile_classes_) backward_tile(tile(begin));
  if (sampled_ && options_.sgd && options_.sampled_momentum == SampledMomentum::kDense)
    head::decay_others(device_, sampled_->column_of(), class_gradients());
}

// After this the gradient of the tile's classes is complete, and their step done. The weights' last use in
// this step is before it.
void MarginHead::backward_tile(const head::Tile& t) {
  take_classes(t, false);
  compute_tile(t);
  head::tile_gradients(device_, t, rule_, {max_.f32(), coefficients_.f32(), target_coefficients_.f32()});
  const Factor gradients{t.values, t.gradients}, unit{unit_x_.f32(), unit_x16_.data()};
  multiply({.m = n_,
            .n = d_,
            .k = t.count,
            .beta = t.begin == 0 ? 0.0f : 1.0f,
            .lda = t.count,
            .ldb = d_,
            .ldc = d_},
           gradients, {t.w, t.w_bf16}, dunit_x_.f32());
  const head::ClassGradients to = class_gradients();
  multiply({.transpose_a = true,
            .m = t.count,
            .n = d_,
            .k = n_,
            .beta = adds_products() ? 1.0f : 0.0f,
            .lda = t.count,
            .ldb = d_,
            .ldc = d_},
           gradients, unit, adds_products() ? to.dw + t.begin * d_ : dtile_.f32());
  if (spec_.normalise) head::radial_parts(device_, t, to, dtile_.f32(), radial_.f32());
  head::pass_gradients(device_, t, to, adds_products() ? nullptr : dtile_.f32(),
                       spec_.normalise ? radial_.f32() : nullptr);
}

// Whether the product of gradients and embeddings is added to the weights' gradient as it is.
bool MarginHead::adds_products() const { return !spec_.normalise && !options_.sgd && !sampled_; }

head::ClassGradients MarginHead::class_gradients() const {
  head::ClassGradients to{.w = weight_, .bias = bias_, .shard = shard_.count(), .d = d_};
  const Slice& weight = parameters_.slice("weight");
  const Slice* const bias = spec_.bias ? &parameters_.slice("bias") : nullptr;
  if (options_.sgd) {
    to.sgd = &*options_.sgd;
    to.lr = rate_.f32();
    to.squares = squares_.data();
    to.v = momentum_.f32() + weight.offset;
    if (bias != nullptr) to.vbias = momentum_.f32() + bias->offset;
  } else {
    to.dw = parameters_.gradients(weight).data();
    if (bias != nullptr) to.dbias = parameters_.gradients(*bias).data();
  }
  return to;
}

}  // namespace fr
