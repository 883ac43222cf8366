// Direct convolution on NHWC copies: the innermost loop runs over channels, so that it vectorises and each
// output's terms are still added one after the other in double.
#include <algorithm>
#include <vector>

#include "backend/checks.h"
#include "backend/ref/ref.h"
#include "core/parallel.h"

namespace fr {
namespace {

// A copy of v with the channels innermost: (n, h, w, c).
Tensor channels_last(RefBackend& backend, const View& v) {
  Tensor copy(v.shape, Layout{v.shape.c});
  backend.reorder(v, copy);
  return copy;
}

// acc[i] += a * row[i]
void multiply_add(double* acc, double a, const float* row, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) acc[i] += a * row[i];
}

}  // namespace

// y(n, k, oh, ow) = sum over c, kh, kw of x(n, c, oh stride - pad + kh, ow stride - pad + kw) w(k, c, kh, kw)
void RefBackend::conv_forward(const ConvGeometry& g, const View& x, const float* w, const View& y) {
  check_convolution("conv_forward", g, x, w, y);
  const Shape sx = x.shape, sy = y.shape;
  const int64_t group_in = sx.c / g.groups, group_out = sy.c / g.groups, taps = g.kernel * g.kernel;
  const Tensor source = channels_last(*this, x);
  std::vector<float> turned(static_cast<size_t>(sy.c * group_in * taps));  // (groups, c/g, kh kw, k/g)
  parallel_for(sy.c, [&](int64_t k) {
    for (int64_t i = 0; i < group_in * taps; ++i)
      turned[static_cast<size_t>((k / group_out * group_in * taps + i) * group_out + k % group_out)] =
          w[k * group_in * taps + i];
  });
  parallel_for(sy.n * sy.h, [&](int64_t row) {
    const int64_t n = row / sy.h, oh = row % sy.h;
    std::vector<double> acc(static_cast<size_t>(sy.w * sy.c), 0.0);  // (ow, k)
    for (int64_t c = 0; c < sx.c; ++c) {
      const int64_t group = c / group_in;
      for (int64_t tap = 0; tap < taps; ++tap) {
        const int64_t ih = oh * g.stride - g.pad + tap / g.kernel;
        if (ih < 0 || ih >= sx.h) continue;
        const float* weights = turned.data() + (c * taps + tap) * group_out;  // (k/g)
        for (int64_t ow = 0; ow < sy.w; ++ow) {
          const int64_t iw = ow * g.stride - g.pad + tap % g.kernel;
          if (iw < 0 || iw >= sx.w) continue;
          multiply_add(acc.data() + ow * sy.c + group * group_out,
                       source.f32()[((n * sx.h + ih) * sx.w + iw) * sx.c + c], weights, group_out);
        }
      }
    }
    for (int64_t ow = 0; ow < sy.w; ++ow)
      for (int64_t k = 0; k < sy.c; ++k)
        y.f32()[offset_of(y, n, k, oh * sy.w + ow)] =
            static_cast<float>(acc[static_cast<size_t>(ow * sy.c + k)]);
  });
}

// dx(n, c, ih, iw) = sum over k, kh, kw of dy(n, k, oh, ow) w(k, c, kh, kw) where ih = oh stride - pad + kh
void RefBackend::conv_backward_data(const ConvGeometry& g, const View& dy, const float* w, const View& dx) {
  check_convolution("conv_backward_data", g, dx, w, dy);
  const Shape sx = dx.shape, sy = dy.shape;
  const int64_t group_in = sx.c / g.groups, group_out = sy.c / g.groups, taps = g.kernel * g.kernel;
  const Tensor gradient = channels_last(*this, dy);
  std::vector<float> turned(static_cast<size_t>(sy.c * group_in * taps));  // (k, kh kw, c/g)
  parallel_for(sy.c, [&](int64_t k) {
    for (int64_t c = 0; c < group_in; ++c)
      for (int64_t tap = 0; tap < taps; ++tap)
        turned[static_cast<size_t>((k * taps + tap) * group_in + c)] = w[(k * group_in + c) * taps + tap];
  });
  parallel_for(sx.n * sx.h, [&](int64_t row) {
    const int64_t n = row / sx.h, ih = row % sx.h;
    std::vector<double> acc(static_cast<size_t>(sx.w * sx.c), 0.0);  // (iw, c)
    for (int64_t k = 0; k < sy.c; ++k) {
      const int64_t group = k / group_out;
      for (int64_t tap = 0; tap < taps; ++tap) {
        const int64_t up = ih + g.pad - tap / g.kernel;
        if (up < 0 || up % g.stride != 0 || up / g.stride >= sy.h) continue;
        const float* weights = turned.data() + (k * taps + tap) * group_in;  // (c/g)
        for (int64_t ow = 0; ow < sy.w; ++ow) {
          const int64_t iw = ow * g.stride - g.pad + tap % g.kernel;
          if (iw < 0 || iw >= sx.w) continue;
          multiply_add(acc.data() + iw * sx.c + group * group_in,
                       gradient.f32()[((n * sy.h + up / g.stride) * sy.w + ow) * sy.c + k], weights,
                       group_in);
        }
      }
    }
    for (int64_t iw = 0; iw < sx.w; ++iw)
      for (int64_t c = 0; c < sx.c; ++c)
        dx.f32()[offset_of(dx, n, c, ih * sx.w + iw)] =
            static_cast<float>(acc[static_cast<size_t>(iw * sx.c + c)]);
  });
}

// dw(k, c, kh, kw) += sum over n, oh, ow of dy(n, k, oh, ow) x(n, c, oh stride - pad + kh, ow stride - pad +
// kw)
void RefBackend::conv_backward_weights(const ConvGeometry& g, const View& x, const View& dy, float* dw) {
  check_convolution("conv_backward_weights", g, x, dw, dy);
  const Shape sx = x.shape, sy = dy.shape;
  const int64_t group_in = sx.c / g.groups, group_out = sy.c / g.groups, taps = g.kernel * g.kernel;
  const Tensor source = channels_last(*this, x), gradient = channels_last(*this, dy);
  parallel_for(sy.c, [&](int64_t k) {
    const int64_t first = k / group_out * group_in;
    std::vector<double> acc(static_cast<size_t>(taps * group_in), 0.0);  // (kh kw, c/g)
    for (int64_t n = 0; n < sy.n; ++n) {
      for (int64_t p = 0; p < sy.plane(); ++p) {
        const double d = gradient.f32()[(n * sy.plane() + p) * sy.c + k];
        for (int64_t tap = 0; tap < taps; ++tap) {
          const int64_t ih = p / sy.w * g.stride - g.pad + tap / g.kernel;
          const int64_t iw = p % sy.w * g.stride - g.pad + tap % g.kernel;
          if (ih < 0 || ih >= sx.h || iw < 0 || iw >= sx.w) continue;
          multiply_add(acc.data() + tap * group_in, d,
                       source.f32() + ((n * sx.h + ih) * sx.w + iw) * sx.c + first, group_in);
        }
      }
    }
    for (int64_t c = 0; c < group_in; ++c)
      for (int64_t tap = 0; tap < taps; ++tap) {
        float& out = dw[(k * group_in + c) * taps + tap];
        out = static_cast<float>(out + acc[static_cast<size_t>(tap * group_in + c)]);
      }
  });
}

}  // namespace fr
