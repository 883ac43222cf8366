// y = x where x > 0, slope[c] x elsewhere: one pass forward, one backward (dx and the sums for dslope).
#include "backend/checks.h"
#include "backend/cuda/channel_launch.cuh"
#include "backend/cuda/channels.cuh"
#include "backend/cuda/combine.cuh"
#include "backend/cuda/cuda.h"
#include "core/error.h"

namespace fr {

void CudaBackend::prelu_forward(const View& x, const float* slope, const View& y) {
  check_view("prelu_forward", "x", x);
  check_alike("prelu_forward", {y, x});
  FR_CHECK(slope != nullptr, "prelu_forward: the slope is not given");
  normalise({.slope = slope}, x, {}, y);
}

void CudaBackend::prelu_backward(const View& x, const float* slope, const View& dy, const View& dx,
                                 float* dslope) {
  check_view("prelu_backward", "x", x);
  check_view("prelu_backward", "dx", dx);
  check_alike("prelu_backward", {dy, x, dx});
  FR_CHECK(slope != nullptr && dslope != nullptr, "prelu_backward: the slope or its gradient is not given");
  const cuda::Pool::Scope scope(pool_);
  const DType dtype = common_dtype({x, dy, dx});
  const View in = channels_last_source(x, dtype), gradient = channels_last_source(dy, dtype);
  const View out = channels_last(dx, dtype);
  const cuda::ChannelMatrix matrix{x.shape.n * x.shape.plane(), x.shape.c, dtype};
  auto* const partial = reinterpret_cast<float*>(pool_.take(cuda::partial_bytes(matrix, 1)));
  cuda::sum_channels(matrix, in.data, gradient.data, out.data, cuda::PreluBackward{slope}, partial);
  gpu::launch_rows(matrix.channels, cuda::chunks_for(matrix.rows).count(),
                   cuda::ChunkSums<1>{partial, matrix.channels}, cuda::AddSums<1>{}, cuda::AddTo{dslope});
  deliver(out, dx);
}

}  // namespace fr
