#include "train/sgd.h"

#include <cmath>

#include "core/error.h"
#include "core/launch.cuh"
#include "train/sgd.cuh"

namespace fr {

namespace {

struct Scale {
  float* x;  // (n)
  float factor;
  FR_HD void operator()(int64_t i) const { x[i] *= factor; }
};

struct Zero {
  float* x;  // (n)
  FR_HD void operator()(int64_t i) const { x[i] = 0.0f; }
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

struct Keep {
  double* y;  // (rows)
  FR_HD void operator()(int64_t row, double value) const { y[row] = value; }
};

}  // namespace

SgdForm sgd_form(const std::string& name) {
  if (name == "torch") return SgdForm::kTorch;
  if (name == "mxnet") return SgdForm::kMxnet;
  fail("unknown form of SGD '{}' (known: torch mxnet)", name);
}

Sgd::Sgd(const SgdOptions& options, const Parameters& parameters, Device device)
    : options_(options),
      parameters_(parameters),
      device_(device),
      momentum_(Tensor::zeros({.n = parameters.count()})) {
  // Each run reaches to the next slice, so that the runs cover the padding between slices as well.
  for (const Slice& slice : parameters.slices()) {
    if (!runs_.empty()) runs_.back().end = slice.offset;
    if (runs_.empty() || runs_.back().trainable != slice.trainable)
      runs_.push_back({slice.offset, slice.offset, slice.trainable});
  }
  if (!runs_.empty()) runs_.back().end = parameters.count();
}

void Sgd::step(double lr, bool zero_gradients) {
  float* w = parameters_.values().data();
  float* g = parameters_.gradients().data();
  float* v = momentum_.f32();
  for (const Run& run : runs_) {
    const int64_t count = run.end - run.begin;
    const SgdStep step{.w = w + run.begin,
                       .v = v + run.begin,
                       .g = g + run.begin,
                       .lr = static_cast<float>(lr),
                       .momentum = static_cast<float>(options_.momentum),
                       .decay = static_cast<float>(options_.weight_decay),
                       .rescale = static_cast<float>(options_.rescale),
                       .zero = zero_gradients};
    if (!run.trainable) {
      if (zero_gradients) launch(device_, count, Zero{step.g});
    } else if (options_.form == SgdForm::kTorch) {
      launch(device_, count, TorchStep{step});
    } else {
      launch(device_, count, MxnetStep{step});
    }
  }
}

double clip_gradients(std::span<float> gradients, double max_norm, Device device) {
  const int64_t count = static_cast<int64_t>(gradients.size());
  std::vector<double> sums(static_cast<size_t>((count + kChunk - 1) / kChunk));
  launch_rows(device, static_cast<int64_t>(sums.size()), kChunk, Square{gradients.data(), count},
              Sum<double>{}, Keep{sums.data()});
  double total = 0;
  for (const double sum : sums) total += sum;
  const double norm = std::sqrt(total);
  const double factor = std::fmin(1.0, max_norm / (norm + 1e-6));
  if (!(factor >= 1.0)) launch(device, count, Scale{gradients.data(), static_cast<float>(factor)});
  return norm;
}

}  // namespace fr
