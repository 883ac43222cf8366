// The weights' gradient of 3 x 3 convolutions with padding 1 on blocks of 8 channels, where oneDNN's kernel
// for AVX2 reaches three quarters of the gemm rate. Twelve vectors of sums stay in registers: 4 outputs x 3
// neighbouring columns of the kernel x 8 inputs, over all positions of a chunk of images.
#pragma once
#include "backend/backend.h"

namespace fr::onednn {

// Whether Weights3x3 takes this convolution: where oneDNN prefers blocks of 8, as it does with AVX2.
bool has_weights3x3(const ConvGeometry& g, const View& x, const View& dy);

// dw (k, c, 3, 3): added to. The sums' order depends on the shapes alone, not on the thread count.
class Weights3x3 {
 public:
  void add(const ConvGeometry& g, const View& x, const View& dy, float* dw);

 private:
  Memory padded_, sums_;  // kept between calls
};

}  // namespace fr::onednn
