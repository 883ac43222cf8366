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
  // y = conv(x, w), w (k, c, 3, 3): overwritten. No result depends on the thread count.
  void forward(const View& x, const float* w, const View& y);
  // dx = the gradient of conv(x, w) with respect to x: overwritten.
  void backward_data(const View& dy, const float* w, const View& dx);

 private:
  void run(const View& from, const View& to);

  Memory weights_, buffers_;  // kept between calls
};

}  // namespace fr::onednn
