// Batch norm with fused PReLU and residual add: two passes over memory in training (statistics, then the map)
// and two backward (sums, then dx), which is the least there can be. The value before the PReLU is recomputed
// in backward by the expression of forward, so both take the same branch of the PReLU.
#include <cmath>
#include <type_traits>

#include "backend/checks.h"
#include "backend/onednn/onednn.h"
#include "backend/onednn/strips.h"

namespace fr {
namespace {

using onednn::add_rows;
using onednn::for_strips;
using onednn::Strip;

constexpr int64_t kShort = 32;  // steps whose sums are kept in float; beyond, in double

// Mean of a few values of a channel: sums of differences from it do not cancel as those of the values would.
float value_near_mean(const View& x, int64_t channel) {
  constexpr int64_t kValues = 8;
  float sum = 0;
  for (int64_t i = 0; i < kValues; ++i) {
    const int64_t image = i * x.shape.n / kValues, position = (2 * i + 1) * x.shape.plane() / (2 * kValues);
    sum += x.f32()[offset_of(x, image, channel, position)];
  }
  return sum / kValues;
}

// body(true_type or false_type) for a condition that the inner loop must not ask for.
template <class Body>
void with_constant(bool condition, const Body& body) {
  if (condition) return body(std::true_type());
  body(std::false_type());
}

// y from x by (x - mean) scale + beta, PReLU and residual; scale (c) = gamma / sqrt(variance + eps).
void normalise(const BatchNorm& bn, const View& x, const View& residual, const View& y, const float* mean,
               const float* scale) {
  with_constant(bn.slope != nullptr, [&](auto bent) {
    with_constant(!is_empty(residual), [&](auto added) {
      for_strips(x, [&](auto walk, const Strip& s) {
        using W = decltype(walk);
        using Floats = typename W::Floats;
        const Floats m = W::parameter(mean, s.channel), k = W::parameter(scale, s.channel);
        const Floats b = W::parameter(bn.beta, s.channel);
        Floats a{};
        if constexpr (bent) a = W::parameter(bn.slope, s.channel);
        for (int64_t i = 0, at = s.offset; i < s.steps; ++i, at += s.stride) {
          Floats z = (W::load(x.f32() + at) - m) * k + b;
          if constexpr (bent) z = z > 0 ? z : z * a;
          if constexpr (added) z += W::load(residual.f32() + at);
          W::store(y.f32() + at, z);
        }
      });
    });
  });
}

float inverse_deviation(double variance, float eps) {
  return static_cast<float>(1 / std::sqrt(variance + double{eps}));
}

}  // namespace

void OnednnBackend::batch_norm_train(const BatchNorm& bn, const View& x, const View& residual, const View& y,
                                     float* mean, float* variance) {
  check_view("batch_norm_train", "y", y);
  check_batch_norm("batch_norm_train", bn, {x, y, residual}, mean, variance);
  const int64_t channels = x.shape.c, rows = onednn::sum_rows(x);
  double* const partial = partial_sums((2 * rows + 3) * channels);      // (2, rows, c)
  double* const totals = partial + 2 * rows * channels;                 // (2, c)
  auto* const scale = reinterpret_cast<float*>(totals + 2 * channels);  // (c), then one more of (c)
  float* const pivot = scale + channels;
  std::fill(partial, totals, 0.0);
  for (int64_t c = 0; c < channels; ++c) pivot[c] = value_near_mean(x, c);
  for_strips(x, [&](auto walk, const Strip& s) {
    using W = decltype(walk);
    using Floats = typename W::Floats;
    const Floats near = W::parameter(pivot, s.channel);
    typename W::Doubles sum{}, squares{};
    int64_t at = s.offset;
    for (int64_t first = 0; first < s.steps; first += kShort) {
      Floats short_sum{}, short_squares{};
      const int64_t last = std::min(first + kShort, s.steps);
      for (int64_t i = first; i < last; ++i, at += s.stride) {
        const Floats v = W::load(x.f32() + at) - near;
        short_sum += v;
        short_squares += v * v;
      }
      sum += W::widen(short_sum);
      squares += W::widen(short_squares);
    }
    W::add_to(partial + s.row * channels, s.channel, sum);
    W::add_to(partial + (rows + s.row) * channels, s.channel, squares);
  });
  add_rows(partial, rows, channels, totals);
  add_rows(partial + rows * channels, rows, channels, totals + channels);
  const auto count = static_cast<double>(x.shape.n * x.shape.plane());
  for (int64_t c = 0; c < channels; ++c) {
    const double centre = totals[c] / count;  // seen from the pivot
    const double spread = std::max(totals[channels + c] / count - centre * centre, 0.0);
    mean[c] = static_cast<float>(centre + double{pivot[c]});
    variance[c] = static_cast<float>(spread);
    scale[c] = bn.gamma[c] * inverse_deviation(variance[c], bn.eps);
  }
  normalise(bn, x, residual, y, mean, scale);
}

void OnednnBackend::batch_norm_eval(const BatchNorm& bn, const View& x, const View& residual, const View& y,
                                    const float* mean, const float* variance) {
  check_view("batch_norm_eval", "y", y);
  check_batch_norm("batch_norm_eval", bn, {x, y, residual}, mean, variance);
  auto* const scale = reinterpret_cast<float*>(partial_sums(x.shape.c));  // (c)
  for (int64_t c = 0; c < x.shape.c; ++c) scale[c] = bn.gamma[c] * inverse_deviation(variance[c], bn.eps);
  normalise(bn, x, residual, y, mean, scale);
}

// dz: the gradient before the PReLU. dx = scale (dz - mean(dz) - (x - mean) mean(dz (x - mean)) / (variance +
// eps)).
void OnednnBackend::batch_norm_backward(const BatchNorm& bn, const View& x, const View& dy, const float* mean,
                                        const float* variance, const View& dx,
                                        const BatchNormGradients& gradients) {
  check_view("batch_norm_backward", "dy", dy);
  check_view("batch_norm_backward", "dx", dx);
  check_batch_norm("batch_norm_backward", bn, {x, dy, dx}, mean, variance);
  check_batch_norm_gradients(bn, gradients);
  const int64_t channels = x.shape.c, rows = onednn::sum_rows(x);
  double* const partial = partial_sums((3 * rows + 5) * channels);      // (3, rows, c)
  double* const totals = partial + 3 * rows * channels;                 // (3, c)
  auto* const scale = reinterpret_cast<float*>(totals + 3 * channels);  // (c), then two more of (c)
  float* const offset = scale + channels;                               // mean(dz)
  float* const tilt = offset + channels;  // mean(dz (x - mean)) / (variance + eps)
  std::fill(partial, totals, 0.0);
  for (int64_t c = 0; c < channels; ++c) scale[c] = bn.gamma[c] * inverse_deviation(variance[c], bn.eps);

  with_constant(bn.slope != nullptr, [&](auto bent) {
    for_strips(x, [&](auto walk, const Strip& s) {
      using W = decltype(walk);
      using Floats = typename W::Floats;
      const Floats m = W::parameter(mean, s.channel), k = W::parameter(scale, s.channel);
      const Floats b = W::parameter(bn.beta, s.channel);
      Floats a{};
      if constexpr (bent) a = W::parameter(bn.slope, s.channel);
      typename W::Doubles sum{}, product{}, bend{};
      int64_t at = s.offset;
      for (int64_t first = 0; first < s.steps; first += kShort) {
        Floats short_sum{}, short_product{}, short_bend{};
        const int64_t last = std::min(first + kShort, s.steps);
        for (int64_t i = first; i < last; ++i, at += s.stride) {
          const Floats centred = W::load(x.f32() + at) - m;
          Floats dz = W::load(dy.f32() + at);
          if constexpr (bent) {
            const Floats z = centred * k + b;
            short_bend += z > 0 ? Floats{} : z * dz;
            dz = z > 0 ? dz : dz * a;
          }
          short_sum += dz;
          short_product += dz * centred;
        }
        sum += W::widen(short_sum);
        product += W::widen(short_product);
        if constexpr (bent) bend += W::widen(short_bend);
      }
      W::add_to(partial + s.row * channels, s.channel, sum);
      W::add_to(partial + (rows + s.row) * channels, s.channel, product);
      if constexpr (bent) W::add_to(partial + (2 * rows + s.row) * channels, s.channel, bend);
    });
  });

  for (int64_t i = 0; i < 3; ++i)
    add_rows(partial + i * rows * channels, rows, channels, totals + i * channels);
  const auto count = static_cast<double>(x.shape.n * x.shape.plane());
  for (int64_t c = 0; c < channels; ++c) {
    const double sum = totals[c], product = totals[channels + c], bend = totals[2 * channels + c];
    const double spread = double{variance[c]} + bn.eps;
    offset[c] = static_cast<float>(sum / count);
    tilt[c] = static_cast<float>(product / count / spread);
    if (gradients.gamma != nullptr)
      gradients.gamma[c] = static_cast<float>(gradients.gamma[c] + product / std::sqrt(spread));
    if (gradients.beta != nullptr) gradients.beta[c] = static_cast<float>(gradients.beta[c] + sum);
    if (gradients.slope != nullptr) gradients.slope[c] = static_cast<float>(gradients.slope[c] + bend);
  }

  with_constant(bn.slope != nullptr, [&](auto bent) {
    for_strips(x, [&](auto walk, const Strip& s) {
      using W = decltype(walk);
      using Floats = typename W::Floats;
      const Floats m = W::parameter(mean, s.channel), k = W::parameter(scale, s.channel);
      const Floats b = W::parameter(bn.beta, s.channel);
      const Floats o = W::parameter(offset, s.channel), t = W::parameter(tilt, s.channel);
      Floats a{};
      if constexpr (bent) a = W::parameter(bn.slope, s.channel);
      for (int64_t i = 0, at = s.offset; i < s.steps; ++i, at += s.stride) {
        const Floats centred = W::load(x.f32() + at) - m;
        Floats dz = W::load(dy.f32() + at);
        if constexpr (bent) dz = centred * k + b > 0 ? dz : dz * a;
        W::store(dx.f32() + at, k * (dz - o - centred * t));
      }
    });
  });
}

}  // namespace fr
