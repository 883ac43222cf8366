#include "loss/margin_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "core/random.h"

namespace fr {

namespace {

constexpr int64_t kGpuParts = 16;  // of a row: 512 rows then fill a GPU with warps

int64_t sampled_classes(const LossOptions& options, int64_t classes) {
  return static_cast<int64_t>(options.sample * static_cast<double>(classes));
}

// reduce(values) on the host's memory.
template <class T, class Reduce>
void reduce_on_host(Device device, T* values, int64_t count, const Reduce& reduce) {
  if (device == Device::kCpu) return reduce(std::span(values, static_cast<size_t>(count)));
  std::vector<T> copy(static_cast<size_t>(count));
  const auto bytes = static_cast<int64_t>(count * int64_t{sizeof(T)});
  copy_bytes(Device::kCpu, copy.data(), device, values, bytes);
  reduce(std::span(copy));
  copy_bytes(device, values, Device::kCpu, copy.data(), bytes);
}

}  // namespace

MarginHead::MarginHead(const LossOptions& options, Backend& backend, HeadSpec spec, TargetMargin margin)
    : options_(options),
      spec_(std::move(spec)),
      margin_(std::move(margin)),
      backend_(backend),
      comm_(options.comm != nullptr ? *options.comm : alone()),
      device_(backend.device()),
      bf16_(backend.activations() == DType::kBf16),
      shard_(class_shard(options.classes, comm_.rank(), comm_.size())),
      d_(options.embedding_size),
      tile_classes_(options.tile > 0 ? options.tile : default_tile(device_)),
      parts_(device_ == Device::kCpu ? 1 : kGpuParts) {
  const int64_t classes = shard_.count();
  check_head_memory(options_.name.c_str(), sizes(0), free_bytes(device_));
  parameters_.add("weight", {classes, d_});
  if (spec_.bias) parameters_.add("bias", {classes});
  parameters_.allocate(device_);
  weight_ = parameters_.values(parameters_.slice("weight")).data();
  if (spec_.bias) bias_ = parameters_.values(parameters_.slice("bias")).data();
  constexpr float kNever = std::numeric_limits<float>::infinity();
  rule_ = {.scale = static_cast<float>(spec_.scale),
           .limit = spec_.normalise ? 1.0f : kNever,
           .filter = options.filter > 0 ? static_cast<float>(options.filter) : kNever};
  if (options_.sgd) {
    momentum_ = Tensor::zeros({.n = parameters_.count()}, {}, DType::kF32, device_);
    rate_ = Tensor::zeros({.n = 1}, {}, DType::kF32, device_);
  }
  if (options_.sample < 1)
    sampled_.emplace(device_, shard_.begin, classes, sampled_classes(options_, classes), options_.seed);
  mean_loss_ = Array<double>(1, device_);
}

// Weights normal with deviation 0.01 (spec 1.1), the same for a class whatever the number of ranks; bias 0.
void MarginHead::initialise(uint64_t seed) {
  head::fill_normal(device_, shard_.count() * d_, RandomStream(seed, "head.weight").key(), shard_.begin * d_,
                    0.01f, weight_);
  if (spec_.bias) head::fill(device_, shard_.count(), 0.0f, bias_);
}

void MarginHead::set_rate(double lr) {
  if (options_.sgd) head::fill(device_, 1, static_cast<float>(lr), rate_.f32());
}

void MarginHead::set_step(int64_t step) {
  if (sampled_) sampled_->set_step(step);
}

void MarginHead::gradient_squares(double* square) {
  head::sum_squares(device_, columns_, squares_.data(), square_chunks_.data(), square);
}

std::string MarginHead::describe() const {
  const std::string sample =
      sampled_ ? fmt::format(", sample {}{}", options_.sample,
                             options_.sampled_momentum == SampledMomentum::kDense ? "" : " alone stepped")
               : "";
  if (!spec_.normalise) return options_.name + (spec_.bias ? " (bias)" : "") + sample;
  const char* overflow = options_.overflow == MarginOverflow::kWrap         ? "wrap"
                         : options_.overflow == MarginOverflow::kMmFallback ? "mm_fallback"
                                                                            : "easy";
  return fmt::format("{} (s {}{}{}), gradient {}, overflow {}{}{}", options_.name, spec_.scale,
                     spec_.margins.empty() ? "" : ", ", spec_.margins,
                     options_.gradient == MarginGradient::kExact ? "exact" : "straight_through", overflow,
                     options_.filter > 0 ? fmt::format(", filter {}", options_.filter) : "", sample);
}

double MarginHead::overflowed() const {
  const auto beyond =
      std::ranges::count_if(targets_.on_host(), [](const MarginValue& t) { return t.derivative < 0; });
  return n_ > 0 ? static_cast<double>(beyond) / static_cast<double>(n_) : 0;
}

std::span<const float> MarginHead::on_host(const Tensor& values, Tensor& host) const {
  if (device_ == Device::kCpu) return values.floats();
  host = Tensor(values.shape());
  copy(values, host);
  return host.floats();
}

double MarginHead::forward_backward(const View& x, std::span<const int32_t> labels, const View& dx) {
  FR_CHECK(static_cast<int64_t>(labels.size()) == x.shape.n, "loss {}: {} labels for {} rows", options_.name,
           labels.size(), x.shape.n);
  for (size_t i = 0; i < labels.size(); ++i)
    FR_CHECK(labels[i] >= 0 && labels[i] < options_.classes, "label {} of row {} is out of range [0, {})",
             labels[i], i, options_.classes);
  const int32_t* given = labels.data();
  if (device_ != Device::kCpu) {
    if (given_labels_.size() != x.shape.n) given_labels_ = Array<int32_t>(x.shape.n, device_);
    copy_bytes(device_, given_labels_.data(), Device::kCpu, labels.data(), given_labels_.bytes());
    given = given_labels_.data();
  }
  enqueue(x, given, dx, mean_loss_.data());
  return mean_loss_.on_host()[0];
}

void MarginHead::enqueue(const View& x, const int32_t* labels, const View& dx, double* loss) {
  FR_CHECK(x.shape.n > 0 && x.count() == x.shape.n * d_, "loss {}: embeddings {} are not (n, {})",
           options_.name, x.shape.text(), d_);
  FR_CHECK(dx.shape == x.shape, "loss {}: gradient {} of embeddings {}", options_.name, dx.shape.text(),
           x.shape.text());
  FR_CHECK(x.device == device_ && dx.device == device_,
           "loss {}: embeddings on {}, gradient on {}, not on {}", options_.name, name_of(x.device),
           name_of(dx.device), name_of(device_));
  resize(x.shape.n);
  take_labels(labels);
  take_units(x);
  forward_targets(x);
  forward_tiles();
  finish_forward(loss);
  backward_tiles();
  if (comm_.size() > 1)
    reduce_on_host(device_, dunit_x_.f32(), n_ * d_, [&](std::span<float> v) { comm_.all_reduce_sum(v); });
  if (spec_.normalise)
    head::unit_backward(device_, n_, d_, dunit_x_.f32(), unit_x_.f32(), inverse_x_.f32(), max_.f32(),
                        dx.f32());
  else
    copy_bytes(device_, dx.data, device_, dunit_x_.f32(), dx.bytes());
}

void MarginHead::take_labels(const int32_t* labels) {
  head::localise(device_, n_, shard_.begin, shard_.end, labels, local_labels_.data());
  if (!sampled_) return;
  sampled_->draw();
  sampled_->select(n_, local_labels_.data(), column_labels_.data());
}

void MarginHead::take_units(const View& x) {
  if (spec_.normalise) {
    head::inverse_norms(device_, n_, d_, x.f32(), inverse_x_.f32());
    head::scale_rows(device_, n_, d_, x.f32(), inverse_x_.f32(), unit_x_.f32());
  } else {
    copy_bytes(device_, unit_x_.f32(), device_, x.data, x.bytes());
  }
  if (bf16_) head::round_to_bf16(device_, n_ * d_, unit_x_.f32(), unit_x16_.data());
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
  head::target_logits(device_, n_, local_labels_.data(), targets_.data(), spec_.scale, target_logits_.f32());
}

// Spec 1.6, steps 1 to 3 (without the reference's clamp of p at 1e-30).
void MarginHead::finish_forward(double* loss) {
  if (comm_.size() > 1) {
    copy(max_, next_max_);
    reduce_on_host(device_, max_.f32(), n_, [&](std::span<float> v) { comm_.all_reduce_max(v); });
    head::rescale_sums(device_, n_, {max_.f32(), next_max_.f32(), sums_.data()});
    reduce_on_host(device_, sums_.data(), n_, [&](std::span<double> v) { comm_.all_reduce_sum(v); });
    reduce_on_host(device_, target_logits_.f32(), n_, [&](std::span<float> v) { comm_.all_reduce_sum(v); });
  }
  head::finish_rows(device_, {.logits = target_logits_.f32(),
                              .sum = sums_.data(),
                              .max = max_.f32(),
                              .targets = targets_.data(),
                              .n = n_,
                              .scale = spec_.scale,
                              .straight_through = options_.gradient == MarginGradient::kStraightThrough,
                              .losses = losses_.data(),
                              .rounded_losses = row_losses_.f32(),
                              .coefficient = coefficients_.f32(),
                              .target = target_coefficients_.f32()});
  head::mean_loss(device_, n_, losses_.data(), loss);
}

}  // namespace fr
