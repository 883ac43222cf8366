// Batch norm over (n, h, w) of each channel: forward one pass for the statistics and one for the result
// (PReLU and addition included), backward one pass for the sums and one for dx.
#include "backend/checks.h"
#include "backend/cuda/channel_launch.cuh"
#include "backend/cuda/channels.cuh"
#include "backend/cuda/combine.cuh"
#include "backend/cuda/cuda.h"

namespace fr {
namespace {

cuda::ChannelMatrix matrix_of(const View& v) { return {v.shape.n * v.shape.plane(), v.shape.c, v.dtype}; }

}  // namespace

void CudaBackend::batch_norm_train(const BatchNorm& bn, const View& x, const View& residual, const View& y,
                                   float* mean, float* variance) {
  check_view("batch_norm_train", "y", y);
  check_batch_norm("batch_norm_train", bn, {x, y, residual}, mean, variance);
  const cuda::Pool::Scope scope(pool_);
  const View rows = channels_last_source(x, x.dtype);
  const cuda::ChannelMatrix matrix = matrix_of(rows);
  const cuda::Chunks chunks = cuda::chunks_for(matrix.rows);
  auto* const partial =
      reinterpret_cast<float*>(pool_.take(cuda::partial_bytes(matrix, cuda::MomentSums::kSums)));
  cuda::sum_channels(matrix, rows.data, nullptr, nullptr, cuda::MomentSums{}, partial);
  gpu::launch_rows(matrix.channels, chunks.count(),
                   cuda::ChunkMoments{chunks, partial, cuda::Elements(rows), matrix.channels},
                   cuda::MergeMoments{}, cuda::StoreMoments{mean, variance});
  normalise(cuda::affine_of(bn, mean, variance), rows, residual, y);
}

void CudaBackend::batch_norm_eval(const BatchNorm& bn, const View& x, const View& residual, const View& y,
                                  const float* mean, const float* variance) {
  check_view("batch_norm_eval", "y", y);
  check_batch_norm("batch_norm_eval", bn, {x, y, residual}, mean, variance);
  normalise(cuda::affine_of(bn, mean, variance), x, residual, y);
}

void CudaBackend::batch_norm_backward(const BatchNorm& bn, const View& x, const View& dy, const float* mean,
                                      const float* variance, const View& dx,
                                      const BatchNormGradients& gradients) {
  check_view("batch_norm_backward", "dy", dy);
  check_view("batch_norm_backward", "dx", dx);
  check_batch_norm("batch_norm_backward", bn, {x, dy, dx}, mean, variance);
  check_batch_norm_gradients(bn, gradients);
  const cuda::Pool::Scope scope(pool_);
  const DType dtype = common_dtype({x, dy, dx});
  const View in = channels_last_source(x, dtype), gradient = channels_last_source(dy, dtype);
  const View out = channels_last(dx, dtype);
  const cuda::ChannelMatrix matrix = matrix_of(in);
  const cuda::Affine affine = cuda::affine_of(bn, mean, variance);
  auto* const partial =
      reinterpret_cast<float*>(pool_.take(cuda::partial_bytes(matrix, cuda::BackwardSums::kSums)));
  auto* const means = reinterpret_cast<float*>(pool_.take(2 * matrix.channels * int64_t{4}));
  cuda::sum_channels(matrix, in.data, gradient.data, nullptr, cuda::BackwardSums{affine}, partial);
  gpu::launch_rows(matrix.channels, cuda::chunks_for(matrix.rows).count(),
                   cuda::ChunkSums<3>{partial, matrix.channels}, cuda::AddSums<3>{},
                   cuda::StoreBackward{gradients, means, matrix.channels, static_cast<double>(matrix.rows)});
  cuda::map_channels(matrix, in.data, gradient.data, out.data,
                     cuda::BatchNormDx{affine, means, matrix.channels});
  deliver(out, dx);
}

void CudaBackend::normalise(const cuda::Affine& affine, const View& x, const View& residual, const View& y) {
  const cuda::Pool::Scope scope(pool_);
  const DType dtype = common_dtype({x, residual, y});
  const View in = channels_last_source(x, dtype), out = channels_last(y, dtype);
  const View term = is_empty(residual) ? View{} : channels_last_source(residual, dtype);
  cuda::map_channels(matrix_of(in), in.data, term.data, out.data, cuda::Normalise{affine});
  deliver(out, y);
}

}  // namespace fr
