// reorder, add, accumulate; the stream, and weights in another order.
#include "backend/checks.h"
#include "backend/cuda/channel_launch.cuh"
#include "backend/cuda/channels.cuh"
#include "backend/cuda/cuda.h"
#include "backend/cuda/elements.cuh"
#include "core/error.h"

namespace fr {
namespace {

void check_on_gpu(const char* operation, std::initializer_list<View> views) {
  for (const View& v : views)
    FR_CHECK(v.device == Device::kCuda, "{}: an operand {} lies in host memory", operation, v.shape.text());
}

// y = a + b element by element: all of one shape and layout, in any dtypes.
void add_all(const View& a, const View& b, const View& y) {
  if (a.dtype != y.dtype || b.dtype != y.dtype)
    return gpu::launch(y.count(), cuda::AddElements{cuda::Elements(a), cuda::Elements(b), cuda::Elements(y)});
  // Where channels lie does not matter: rows of any length, here those of NHWC.
  const cuda::ChannelMatrix matrix{y.count() / y.shape.c, y.shape.c, y.dtype};
  cuda::map_channels(matrix, a.data, b.data, y.data, cuda::AddChannels{});
}

}  // namespace

cudaStream_t cuda::stream() { return gpu::stream(); }

void cuda::to_krsc(const ConvProblem& p, const float* w, void* dst) {
  gpu::launch(p.weights(), ToKrsc{{p.taps(), p.group_inputs()}, w, Elements(dst, p.dtype)});
}

void cuda::add_krsc(const ConvProblem& p, DType dtype, const void* src, float* dw) {
  gpu::launch(p.weights(), AddKrsc{{p.taps(), p.group_inputs()}, Elements(src, dtype), dw});
}

void CudaBackend::reorder(const View& src, const View& dst) {
  check_view("reorder", "src", src);
  check_view("reorder", "dst", dst);
  FR_CHECK(src.shape == dst.shape, "reorder: shapes {} and {} differ", src.shape.text(), dst.shape.text());
  check_on_gpu("reorder", {src, dst});
  if (src.layout == dst.layout || src.shape.plane() == 1) {
    if (src.dtype == dst.dtype) return gpu::copy(dst.data, src.data, dst.bytes());
    return gpu::launch(dst.count(), cuda::Convert{cuda::Elements(src), cuda::Elements(dst)});
  }
  if (dst.count() <= std::numeric_limits<uint32_t>::max())
    return gpu::launch(dst.count(), cuda::Reorder<uint32_t>(src, dst));
  gpu::launch(dst.count(), cuda::Reorder<uint64_t>(src, dst));
}

void CudaBackend::add(const View& a, const View& b, const View& y) {
  check_view("add", "b", b);
  check_alike("add", {y, a, b});
  check_on_gpu("add", {a, b, y});
  add_all(a, b, y);
}

void CudaBackend::accumulate(const View& x, const View& y) {
  check_view("accumulate", "x", x);
  check_alike("accumulate", {y, x});
  check_on_gpu("accumulate", {x, y});
  add_all(x, y, y);
}

}  // namespace fr
