#include "train/sgd.h"

#include <cmath>
#include <type_traits>

#include "core/launch.cuh"
#include "core/sgd_step.cuh"

namespace fr {

namespace {

struct NoCopy {
  FR_HD void store(int64_t, float) const {}
};

template <class Form, class Copy>
struct Step {
  SgdRule rule;
  float* w;       // values
  float* v;       // momenta
  float* g;       // gradients
  int64_t first;  // of the values
  bool zero;      // leaves g zero
  Copy copy;
  FR_HD void operator()(int64_t n) const {
    const int64_t i = first + n;
    Form::step(rule, g[i], w[i], v[i]);
    g[i] = zero ? 0.0f : g[i];
    copy.store(i, w[i]);
  }
};

// Squares of a flat array seen as rows of kChunk; the last row may be short.
constexpr int64_t kChunk = 4096;
struct Square {
  const float* x;  // (n)
  int64_t n;
  FR_HD double operator()(int64_t row, int64_t col) const {
    const int64_t i = row * kChunk + col;
    const double value = i < n ? static_cast<double>(x[i]) : 0.0;
    return value * value;
  }
};

struct Clip {
  float* x;  // (n)
  const double* square;
  double max_norm;
  FR_HD void operator()(int64_t i) const {
    const double factor = max_norm / (std::sqrt(*square) + 1e-6);
    if (!(factor >= 1.0)) x[i] *= static_cast<float>(factor);
  }
};

int64_t chunks(int64_t n) { return (n + kChunk - 1) / kChunk; }

}  // namespace

Sgd::Sgd(const SgdOptions& options, const Parameters& parameters)
    : options_(options),
      parameters_(parameters),
      momentum_(Tensor::zeros({.n = parameters.count()}, {}, DType::kF32, parameters.device())),
      rate_(Tensor::zeros({.n = 1}, {}, DType::kF32, parameters.device())) {
  // Each run reaches to the next slice, so that the runs cover the padding between slices as well.
  for (const Slice& slice : parameters.slices()) {
    if (!runs_.empty()) runs_.back().end = slice.offset;
    if (runs_.empty() || runs_.back().trainable != slice.trainable)
      runs_.push_back({slice.offset, slice.offset, slice.trainable});
  }
  if (!runs_.empty()) runs_.back().end = parameters.count();
}

void Sgd::set_rate(double lr) {
  launch(parameters_.device(), 1, Fill<float>{rate_.f32(), static_cast<float>(lr)});
}

void Sgd::step(bool zero_gradients) {
  for (const Run& run : runs_) {
    const int64_t count = run.end - run.begin;
    if (run.trainable) {
      step_run(run.begin, count, zero_gradients);
    } else if (zero_gradients) {
      launch(parameters_.device(), count, Fill<float>{parameters_.gradients().data() + run.begin, 0.0f});
    }
  }
}

void Sgd::step_run(int64_t begin, int64_t count, bool zero_gradients) {
  const auto stepped = [&](auto form, const auto& copy) {
    launch(parameters_.device(), count,
           Step<decltype(form), std::decay_t<decltype(copy)>>{
               sgd_rule(options_, rate_.f32()), parameters_.values().data(), momentum_.f32(),
               parameters_.gradients().data(), begin, zero_gradients, copy});
  };
  const auto in_form = [&](const auto& copy) {
    if (options_.form == SgdForm::kTorch) return stepped(TorchForm{}, copy);
    stepped(MxnetForm{}, copy);
  };
  if (copy_ != nullptr) return in_form(copy_->places());
  in_form(NoCopy{});
}

SumOfSquares::SumOfSquares(int64_t n, Device device)
    : n_(n), device_(device), sums_(chunks(n) * int64_t{sizeof(double)}, device) {}

void SumOfSquares::run(const float* x, double* square) {
  auto* const sums = reinterpret_cast<double*>(sums_.data());
  launch_rows(device_, chunks(n_), kChunk, Square{x, n_}, Sum<double>{}, Keep<double>{sums});
  launch_rows(device_, 1, chunks(n_), Element<double>{sums}, Sum<double>{}, Keep<double>{square});
}

void clip(Device device, int64_t n, float* x, const double* square, double max_norm) {
  launch(device, n, Clip{x, square, max_norm});
}

}  // namespace fr
