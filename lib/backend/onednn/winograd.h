// 3 x 3 convolutions with stride 1 and padding 1 on blocks of 8 channels by Winograd's minimal filtering
// F(2x2, 3x3) (Lavin & Gray, CVPR 2016): 16 products in place of 36 for every 2 x 2 outputs. Where planes are
// large enough to pay for transforming the weights; oneDNN has it for AVX-512 alone. Its sums round a few
// times coarser than a direct convolution's.
#pragma once
#include "backend/backend.h"

namespace fr::onednn {

// Whether Winograd takes the convolution between these views, in the direction x -> y.
bool has_winograd(const ConvGeometry& g, const View& x, const View& y);

class Winograd {
 public:
  // Of conv(x, w), w (k, c, 3, 3).
  void set_weights(const float* w, int64_t outputs, int64_t inputs);
  // Of the gradient of conv(x, w) with respect to x.
  void set_transposed_weights(const float* w, int64_t outputs, int64_t inputs);
  // y overwritten; bias and slope may be null, residual empty. No result depends on the thread count.
  void run(const View& x, const View& y, const ConvEpilogue& epilogue = {}, const View& residual = {});

 private:
  Memory weights_, buffers_;  // kept between calls
};

}  // namespace fr::onednn
