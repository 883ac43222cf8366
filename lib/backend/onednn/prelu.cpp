// y = x where x > 0, slope[c] * x elsewhere; one pass each way.
#include "backend/checks.h"
#include "backend/onednn/onednn.h"
#include "backend/onednn/strips.h"
#include "core/error.h"

namespace fr {

using onednn::for_strips;
using onednn::Strip;

void OnednnBackend::prelu_forward(const View& x, const float* slope, const View& y) {
  check_view("prelu_forward", "x", x);
  check_alike("prelu_forward", {y, x});
  FR_CHECK(slope != nullptr, "prelu_forward: the slope is not given");
  for_strips(x, [&](auto walk, const Strip& s) {
    using W = decltype(walk);
    const auto a = W::parameter(slope, s.channel);
    for (int64_t i = 0, at = s.offset; i < s.steps; ++i, at += s.stride) {
      const auto v = W::load(x.f32() + at);
      W::store(y.f32() + at, v > 0 ? v : v * a);
    }
  });
}

// The slope's sums are kept in float for kShort steps, then in double.
void OnednnBackend::prelu_backward(const View& x, const float* slope, const View& dy, const View& dx,
                                   float* dslope) {
  constexpr int64_t kShort = 32;
  check_view("prelu_backward", "x", x);
  check_view("prelu_backward", "dx", dx);
  check_alike("prelu_backward", {dy, x, dx});
  FR_CHECK(slope != nullptr && dslope != nullptr, "prelu_backward: the slope or its gradient is not given");
  const int64_t channels = x.shape.c, rows = onednn::sum_rows(x);
  double* const partial = partial_sums((rows + 1) * channels);  // (rows, c)
  double* const totals = partial + rows * channels;             // (c)
  std::fill(partial, totals, 0.0);
  for_strips(x, [&](auto walk, const Strip& s) {
    using W = decltype(walk);
    using Floats = typename W::Floats;
    const Floats a = W::parameter(slope, s.channel);
    typename W::Doubles sum{};
    int64_t at = s.offset;
    for (int64_t first = 0; first < s.steps; first += kShort) {
      Floats short_sum{};
      const int64_t last = std::min(first + kShort, s.steps);
      for (int64_t i = first; i < last; ++i, at += s.stride) {
        const Floats v = W::load(x.f32() + at), d = W::load(dy.f32() + at);
        W::store(dx.f32() + at, v > 0 ? d : d * a);
        short_sum += v > 0 ? Floats{} : v * d;
      }
      sum += W::widen(short_sum);
    }
    W::add_to(partial + s.row * channels, s.channel, sum);
  });
  onednn::add_rows(partial, rows, channels, totals);
  for (int64_t c = 0; c < channels; ++c) dslope[c] = static_cast<float>(dslope[c] + totals[c]);
}

}  // namespace fr
