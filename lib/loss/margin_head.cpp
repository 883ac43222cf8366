#include "loss/margin_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "core/random.h"

namespace fr {

MarginHead::MarginHead(const LossOptions& options, Backend& backend, HeadSpec spec, TargetMargin margin)
    : options_(options),
      spec_(std::move(spec)),
      margin_(std::move(margin)),
      backend_(backend),
      comm_(options.comm != nullptr ? *options.comm : alone()),
      shard_(class_shard(options.classes, comm_.rank(), comm_.size())),
      d_(options.embedding_size),
      tile_classes_(std::min(options.tile, std::max<int64_t>(shard_.count(), 1))) {
  const int64_t classes = shard_.count();
  parameters_.add("weight", {classes, d_});
  if (spec_.bias) parameters_.add("bias", {classes});
  parameters_.allocate();
  weight_ = parameters_.values(parameters_.slice("weight")).data();
  dweight_ = parameters_.gradients(parameters_.slice("weight")).data();
  if (spec_.bias) {
    bias_ = parameters_.values(parameters_.slice("bias")).data();
    dbias_ = parameters_.gradients(parameters_.slice("bias")).data();
  }
  constexpr float kNever = std::numeric_limits<float>::infinity();
  rule_ = {.scale = static_cast<float>(spec_.scale),
           .limit = spec_.normalise ? 1.0f : kNever,
           .filter = options.filter > 0 ? static_cast<float>(options.filter) : kNever};
  inverse_w_ = Tensor({.n = classes});
  std::ranges::fill(inverse_w_.floats(), 1.0f);
  no_bias_ = Tensor::zeros({.n = tile_classes_});
  dtile_ = Tensor({tile_classes_, d_});
  radial_ = Tensor({.n = tile_classes_});
}

// Weights normal with deviation 0.01 (spec 1.1), the same for a class whatever the number of ranks; bias 0.
void MarginHead::initialise(uint64_t seed) {
  const RandomStream stream(seed, "head.weight");
  const int64_t first = shard_.begin * d_;
  for (int64_t i = 0; i < shard_.count() * d_; ++i)
    weight_[i] = 0.01f * stream.normal(static_cast<uint64_t>(first + i));
  if (spec_.bias) std::fill_n(bias_, shard_.count(), 0.0f);
}

std::string MarginHead::describe() const {
  if (!spec_.normalise) return options_.name + (spec_.bias ? " (bias)" : "");
  const char* overflow = options_.overflow == MarginOverflow::kWrap         ? "wrap"
                         : options_.overflow == MarginOverflow::kMmFallback ? "mm_fallback"
                                                                            : "easy";
  return fmt::format("{} (s {}{}{}), gradient {}, overflow {}{}", options_.name, spec_.scale,
                     spec_.margins.empty() ? "" : ", ", spec_.margins,
                     options_.gradient == MarginGradient::kExact ? "exact" : "straight_through", overflow,
                     options_.filter > 0 ? fmt::format(", filter {}", options_.filter) : "");
}

double MarginHead::overflowed() const {
  const auto beyond = std::ranges::count_if(targets_, [](const MarginValue& t) { return t.derivative < 0; });
  return n_ > 0 ? static_cast<double>(beyond) / static_cast<double>(n_) : 0;
}

double MarginHead::forward_backward(const View& x, std::span<const int32_t> labels, const View& dx) {
  FR_CHECK(x.shape.n > 0 && x.count() == x.shape.n * d_, "loss {}: embeddings {} are not (n, {})",
           options_.name, x.shape.text(), d_);
  FR_CHECK(dx.shape == x.shape, "loss {}: gradient {} of embeddings {}", options_.name, dx.shape.text(),
           x.shape.text());
  FR_CHECK(static_cast<int64_t>(labels.size()) == x.shape.n, "loss {}: {} labels for {} rows", options_.name,
           labels.size(), x.shape.n);
  resize(x.shape.n);
  take_labels(labels);

  if (spec_.normalise) {
    head::inverse_norms(device_, n_, d_, x.f32(), inverse_x_.f32());
    head::scale_rows(device_, n_, d_, x.f32(), inverse_x_.f32(), unit_x_.f32());
  } else {
    std::copy_n(x.f32(), n_ * d_, unit_x_.f32());
  }
  forward_targets(x);
  forward_tiles();
  const double loss = finish_forward();
  backward_tiles();
  comm_.all_reduce_sum(dunit_x_.floats());
  if (spec_.normalise)
    head::unit_backward(device_, n_, d_, dunit_x_.f32(), unit_x_.f32(), inverse_x_.f32(), max_.f32(),
                        dx.f32());
  else
    std::copy_n(dunit_x_.f32(), n_ * d_, dx.f32());
  return loss;
}

void MarginHead::resize(int64_t n) {
  if (n == n_) return;
  n_ = n;
  const auto size = static_cast<size_t>(n);
  local_labels_.resize(size);
  cosines_.resize(size);
  targets_.resize(size);
  sums_.resize(size);
  losses_.resize(size);
  for (Tensor* tensor :
       {&max_, &next_max_, &coefficients_, &target_coefficients_, &inverse_x_, &row_losses_, &target_logits_})
    *tensor = Tensor({.n = n});
  unit_x_ = Tensor({n, d_});
  dunit_x_ = Tensor({n, d_});
  products_ = Tensor({n, tile_classes_});
}

void MarginHead::take_labels(std::span<const int32_t> labels) {
  for (size_t i = 0; i < labels.size(); ++i) {
    const int64_t label = labels[i];
    FR_CHECK(label >= 0 && label < options_.classes, "label {} of row {} is out of range [0, {})", label, i,
             options_.classes);
    local_labels_[i] = shard_.contains(label) ? static_cast<int32_t>(label - shard_.begin) : -1;
  }
}

// Class `begin` of the shard and those after it, up to one tile.
head::Tile MarginHead::tile(int64_t begin) const {
  return {.values = products_.f32(),
          .w = weight_ + begin * d_,
          .inverse = inverse_w_.f32() + begin,
          .bias = spec_.bias ? bias_ + begin : no_bias_.f32(),
          .labels = local_labels_.data(),
          .n = n_,
          .begin = begin,
          .count = std::min(tile_classes_, shard_.count() - begin)};
}

void MarginHead::compute_tile(const head::Tile& tile) {
  backend_.gemm(
      {.transpose_b = true, .m = n_, .n = tile.count, .k = d_, .lda = d_, .ldb = d_, .ldc = tile.count},
      unit_x_.f32(), tile.w, tile.values);
}

void MarginHead::forward_targets(const View& x) {
  head::target_cosines(device_,
                       {.x = x.f32(),
                        .w = weight_,
                        .bias = bias_,
                        .labels = local_labels_.data(),
                        .n = n_,
                        .d = d_,
                        .normalise = spec_.normalise},
                       cosines_.data());
  margin_(device_, n_, cosines_.data(), targets_.data());
  for (size_t i = 0; i < targets_.size(); ++i) {
    const double logit = local_labels_[i] >= 0 ? spec_.scale * targets_[i].value : 0.0;
    target_logits_.floats()[i] = static_cast<float>(logit);
  }
}

void MarginHead::forward_tiles() {
  const head::RunningSum running{max_.f32(), next_max_.f32(), sums_.data()};
  head::start_sums(device_, n_, local_labels_.data(), target_logits_.f32(), running);
  for (int64_t begin = 0; begin < shard_.count(); begin += tile_classes_) {
    const head::Tile t = tile(begin);
    if (spec_.normalise) head::inverse_norms(device_, t.count, d_, t.w, t.inverse);
    compute_tile(t);
    head::add_tile(device_, t, rule_, running);
  }
}

// Spec 1.6, steps 1 to 3 (without the reference's clamp of p at 1e-30). Returns the mean loss.
double MarginHead::finish_forward() {
  if (comm_.size() > 1) {
    std::ranges::copy(max_.floats(), next_max_.f32());
    comm_.all_reduce_max(max_.floats());
    head::rescale_sums(device_, n_, {max_.f32(), next_max_.f32(), sums_.data()});
    comm_.all_reduce_sum(std::span(sums_));
    comm_.all_reduce_sum(target_logits_.floats());
  }
  head::finish_rows(device_, {.logits = target_logits_.f32(),
                              .sum = sums_.data(),
                              .max = max_.f32(),
                              .targets = targets_.data(),
                              .n = n_,
                              .scale = spec_.scale,
                              .straight_through = options_.gradient == MarginGradient::kStraightThrough,
                              .losses = losses_.data(),
                              .coefficient = coefficients_.f32(),
                              .target = target_coefficients_.f32()});
  double total = 0;
  for (size_t i = 0; i < losses_.size(); ++i) {
    total += losses_[i];
    row_losses_.floats()[i] = static_cast<float>(losses_[i]);
  }
  return total / static_cast<double>(n_);
}

void MarginHead::backward_tiles() {
  if (shard_.count() == 0) std::ranges::fill(dunit_x_.floats(), 0.0f);
  for (int64_t begin = 0; begin < shard_.count(); begin += tile_classes_) backward_tile(tile(begin));
}

// After this the gradient of the tile's classes is complete.
void MarginHead::backward_tile(const head::Tile& t) {
  compute_tile(t);
  head::tile_gradients(device_, t, rule_, {max_.f32(), coefficients_.f32(), target_coefficients_.f32()});
  backend_.gemm({.m = n_,
                 .n = d_,
                 .k = t.count,
                 .beta = t.begin == 0 ? 0.0f : 1.0f,
                 .lda = t.count,
                 .ldb = d_,
                 .ldc = d_},
                t.values, t.w, dunit_x_.f32());
  float* dw = dweight_ + t.begin * d_;
  backend_.gemm({.transpose_a = true,
                 .m = t.count,
                 .n = d_,
                 .k = n_,
                 .beta = spec_.normalise ? 0.0f : 1.0f,
                 .lda = t.count,
                 .ldb = d_,
                 .ldc = d_},
                t.values, unit_x_.f32(), spec_.normalise ? dtile_.f32() : dw);
  if (spec_.normalise) head::add_tangent(device_, t, d_, dtile_.f32(), radial_.f32(), dw);
  if (spec_.bias) head::add_column_sums(device_, t, dbias_ + t.begin);
}

}  // namespace fr
