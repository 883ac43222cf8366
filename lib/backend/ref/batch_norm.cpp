// Batch norm over (n, h, w) of each channel, one channel a thread: mean and biased variance in two passes.
#include <cmath>

#include "backend/checks.h"
#include "backend/ref/ref.h"
#include "core/parallel.h"

namespace fr {
namespace {

// f(offset) for every element of channel c.
template <class F>
void for_channel(const View& v, int64_t c, const F& f) {
  for (int64_t n = 0; n < v.shape.n; ++n)
    for (int64_t p = 0; p < v.shape.plane(); ++p) f(offset_of(v, n, c, p));
}

void normalise_channel(const BatchNorm& bn, const View& x, const View& residual, const View& y, int64_t c,
                       double mean, double variance) {
  const double inverse = 1 / std::sqrt(variance + bn.eps);
  for_channel(x, c, [&](int64_t i) {
    double z = (x.f32()[i] - mean) * inverse * bn.gamma[c] + bn.beta[c];
    if (bn.slope != nullptr && z <= 0) z *= bn.slope[c];
    if (!is_empty(residual)) z += residual.f32()[i];
    y.f32()[i] = static_cast<float>(z);
  });
}

}  // namespace

void RefBackend::batch_norm_train(const BatchNorm& bn, const View& x, const View& residual, const View& y,
                                  float* mean, float* variance) {
  check_view("batch_norm_train", "y", y);
  check_batch_norm("batch_norm_train", bn, {x, y, residual}, mean, variance);
  const double count = static_cast<double>(x.shape.n * x.shape.plane());
  parallel_for(x.shape.c, [&](int64_t c) {
    double sum = 0, squares = 0;
    for_channel(x, c, [&](int64_t i) { sum += x.f32()[i]; });
    const double centre = sum / count;
    for_channel(x, c, [&](int64_t i) { squares += (x.f32()[i] - centre) * (x.f32()[i] - centre); });
    mean[c] = static_cast<float>(centre);
    variance[c] = static_cast<float>(squares / count);
    normalise_channel(bn, x, residual, y, c, centre, squares / count);
  });
}

void RefBackend::batch_norm_eval(const BatchNorm& bn, const View& x, const View& residual, const View& y,
                                 const float* mean, const float* variance) {
  check_view("batch_norm_eval", "y", y);
  check_batch_norm("batch_norm_eval", bn, {x, y, residual}, mean, variance);
  parallel_for(x.shape.c, [&](int64_t c) { normalise_channel(bn, x, residual, y, c, mean[c], variance[c]); });
}

// With x^ = (x - mean)/sqrt(variance + eps), z = gamma x^ + beta and dz the gradient before the PReLU:
// dx = gamma/sqrt(variance + eps) (dz - mean(dz) - x^ mean(dz x^)).
void RefBackend::batch_norm_backward(const BatchNorm& bn, const View& x, const View& dy, const float* mean,
                                     const float* variance, const View& dx,
                                     const BatchNormGradients& gradients) {
  check_view("batch_norm_backward", "dy", dy);
  check_view("batch_norm_backward", "dx", dx);
  check_batch_norm("batch_norm_backward", bn, {x, dy, dx}, mean, variance);
  check_batch_norm_gradients(bn, gradients);
  const double count = static_cast<double>(x.shape.n * x.shape.plane());
  parallel_for(x.shape.c, [&](int64_t c) {
    const double inverse = 1 / std::sqrt(double{variance[c]} + bn.eps);
    const auto normalised = [&](int64_t i) { return (x.f32()[i] - double{mean[c]}) * inverse; };
    const auto before_prelu = [&](int64_t i) { return normalised(i) * bn.gamma[c] + bn.beta[c]; };
    const auto dz = [&](int64_t i) {
      const bool bent = bn.slope != nullptr && before_prelu(i) <= 0;
      return bent ? double{bn.slope[c]} * dy.f32()[i] : double{dy.f32()[i]};
    };
    double sum = 0, product = 0, slope = 0;
    for_channel(x, c, [&](int64_t i) {
      sum += dz(i);
      product += dz(i) * normalised(i);
      if (before_prelu(i) <= 0) slope += before_prelu(i) * dy.f32()[i];
    });
    for_channel(x, c, [&](int64_t i) {
      const double centred = dz(i) - sum / count - normalised(i) * product / count;
      dx.f32()[i] = static_cast<float>(bn.gamma[c] * inverse * centred);
    });
    if (gradients.gamma != nullptr) gradients.gamma[c] = static_cast<float>(gradients.gamma[c] + product);
    if (gradients.beta != nullptr) gradients.beta[c] = static_cast<float>(gradients.beta[c] + sum);
    if (gradients.slope != nullptr) gradients.slope[c] = static_cast<float>(gradients.slope[c] + slope);
  });
}

}  // namespace fr
