// What batch norm, PReLU and a convolution's epilogue do to one element of one channel, and what they sum
// over a channel. Arithmetic of both host and device, tested on the host; channel_kernels.cuh runs it.
//
// A functor's channel(c, first) gives what stays the same along channel c; `first` is the first value of a
// in the part of the channel at hand. operator() then takes elements of a and b (0 where b is not given).
#pragma once
#include <cmath>
#include <cstdint>

#include "backend/backend.h"
#include "core/device.h"

namespace fr::cuda {

// One channel's affine map and PReLU: z = (x - mean) scale + beta. Forward and backward use the same one, so
// that both see z on the same side of the bend.
struct AffineChannel {
  float mean, inverse, scale, beta, slope;  // inverse = 1/sqrt(variance + eps), scale = gamma inverse
  FR_HD float normalised(float x) const { return (x - mean) * inverse; }
  FR_HD float before_prelu(float x) const { return (x - mean) * scale + beta; }
};

// Arrays of (c), null: mean 0, variance 1 - eps, gamma 1, beta 0, slope 1.
struct Affine {
  const float* mean = nullptr;
  const float* variance = nullptr;
  const float* gamma = nullptr;
  const float* beta = nullptr;
  const float* slope = nullptr;
  float eps = 0;

  FR_HD AffineChannel channel(int64_t c) const {
    AffineChannel result;
    result.mean = mean != nullptr ? mean[c] : 0.0f;
    result.inverse = variance != nullptr ? 1.0f / sqrtf(variance[c] + eps) : 1.0f;
    result.scale = gamma != nullptr ? gamma[c] * result.inverse : result.inverse;
    result.beta = beta != nullptr ? beta[c] : 0.0f;
    result.slope = slope != nullptr ? slope[c] : 1.0f;
    return result;
  }
};

inline Affine affine_of(const BatchNorm& bn, const float* mean, const float* variance) {
  return {mean, variance, bn.gamma, bn.beta, bn.slope, bn.eps};
}

// PReLU((a - mean) scale + beta) + b.
struct Normalise {
  Affine affine;
  using Channel = AffineChannel;
  FR_HD Channel channel(int64_t c, float) const { return affine.channel(c); }
  FR_HD float operator()(const Channel& channel, float a, float b) const {
    const float z = channel.before_prelu(a);
    return (z > 0 ? z : channel.slope * z) + b;
  }
};

// Sums of x - first and (x - first)^2: first is one of the channel's values, so that the squares do not
// cancel where the mean is large.
struct MomentSums {
  static constexpr int kSums = 2;
  struct Channel {
    float first;
  };
  FR_HD Channel channel(int64_t, float first) const { return {first}; }
  FR_HD float operator()(const Channel& channel, float a, float, float (&sums)[kSums]) const {
    const float d = a - channel.first;
    sums[0] += d;
    sums[1] += d * d;
    return a;
  }
};

// Of a = x and b = dy: sums of dz, dz x^ and z dy where z <= 0, dz being the gradient before the PReLU.
struct BackwardSums {
  static constexpr int kSums = 3;
  Affine affine;
  using Channel = AffineChannel;
  FR_HD Channel channel(int64_t c, float) const { return affine.channel(c); }
  FR_HD float operator()(const Channel& channel, float a, float b, float (&sums)[kSums]) const {
    const float z = channel.before_prelu(a);
    const bool positive = z > 0;
    const float dz = positive ? b : channel.slope * b;
    sums[0] += dz;
    sums[1] += dz * channel.normalised(a);
    sums[2] += positive ? 0.0f : z * b;
    return dz;
  }
};

// dx = gamma/sqrt(variance + eps) (dz - mean(dz) - x^ mean(dz x^)) of a = x and b = dy.
struct BatchNormDx {
  Affine affine;
  const float* means;  // (2, c): of dz, and of dz x^
  int64_t channels;
  struct Channel {
    AffineChannel affine;
    float dz, product;
  };
  FR_HD Channel channel(int64_t c, float) const { return {affine.channel(c), means[c], means[channels + c]}; }
  FR_HD float operator()(const Channel& channel, float a, float b) const {
    const AffineChannel& map = channel.affine;
    const float dz = map.before_prelu(a) > 0 ? b : map.slope * b;
    return map.scale * (dz - channel.dz - map.normalised(a) * channel.product);
  }
};

// y = a + b.
struct AddChannels {
  struct Channel {};
  FR_HD Channel channel(int64_t, float) const { return {}; }
  FR_HD float operator()(const Channel&, float a, float b) const { return a + b; }
};

// dx of a PReLU of a = x and b = dy, and the sum of x dy where x <= 0.
struct PreluBackward {
  static constexpr int kSums = 1;
  const float* slope;  // (c)
  struct Channel {
    float slope;
  };
  FR_HD Channel channel(int64_t c, float) const { return {slope[c]}; }
  FR_HD float operator()(const Channel& channel, float a, float b, float (&sums)[kSums]) const {
    const bool positive = a > 0;
    sums[0] += positive ? 0.0f : a * b;
    return positive ? b : channel.slope * b;
  }
};

}  // namespace fr::cuda
