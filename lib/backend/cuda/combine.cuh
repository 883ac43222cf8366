// The second stage of a channel's sums: from the partial sums of its chunks of rows to the channel's result,
// in double and by the fixed tree of launch_rows (row: channel, column: chunk).
#pragma once
#include <cstdint>

#include "backend/cuda/channel_shapes.h"
#include "backend/cuda/elements.cuh"
#include "core/device.h"

namespace fr::cuda {

struct Moments {
  double count, mean, squares;  // squares: the sum of (x - mean)^2
};

// Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979.
struct MergeMoments {
  static FR_HD Moments identity() { return {0, 0, 0}; }
  FR_HD Moments operator()(const Moments& a, const Moments& b) const {
    if (b.count == 0) return a;
    if (a.count == 0) return b;
    const double count = a.count + b.count, distance = b.mean - a.mean;
    return {count, a.mean + distance * (b.count / count),
            a.squares + b.squares + distance * distance * (a.count * b.count / count)};
  }
};

// Moments of a chunk from the sums of MomentSums.
struct ChunkMoments {
  Chunks chunks;
  const float* partial;  // (chunks, 2, c)
  Elements x;            // (rows, c)
  int64_t channels;
  FR_HD Moments operator()(int64_t c, int64_t i) const {
    const auto count = static_cast<double>(chunks.size(i));
    const double first = x.load(i * chunks.chunk * channels + c);
    const double sum = partial[i * 2 * channels + c], squares = partial[(i * 2 + 1) * channels + c];
    return {count, first + sum / count, squares - sum * (sum / count)};
  }
};

struct StoreMoments {
  float* mean;      // (c)
  float* variance;  // (c), biased
  FR_HD void operator()(int64_t c, const Moments& m) const {
    mean[c] = static_cast<float>(m.mean);
    const double variance_of_c = m.squares / m.count;
    variance[c] = static_cast<float>(variance_of_c < 0 ? 0 : variance_of_c);
  }
};

template <int kSums>
struct Sums {
  double sum[kSums];
};

template <int kSums>
struct AddSums {
  static FR_HD Sums<kSums> identity() {
    Sums<kSums> zero;
    for (double& sum : zero.sum) sum = 0;
    return zero;
  }
  FR_HD Sums<kSums> operator()(const Sums<kSums>& a, const Sums<kSums>& b) const {
    Sums<kSums> result;
    for (int k = 0; k < kSums; ++k) result.sum[k] = a.sum[k] + b.sum[k];
    return result;
  }
};

template <int kSums>
struct ChunkSums {
  const float* partial;  // (chunks, kSums, c)
  int64_t channels;
  FR_HD Sums<kSums> operator()(int64_t c, int64_t i) const {
    Sums<kSums> result;
    for (int k = 0; k < kSums; ++k) result.sum[k] = partial[(i * kSums + k) * channels + c];
    return result;
  }
};

// Adds to the gradients that are wanted, and keeps what BatchNormDx needs.
struct StoreBackward {
  BatchNormGradients gradients;
  float* means;  // (2, c)
  int64_t channels;
  double rows;
  FR_HD void operator()(int64_t c, const Sums<3>& s) const {
    means[c] = static_cast<float>(s.sum[0] / rows);
    means[channels + c] = static_cast<float>(s.sum[1] / rows);
    if (gradients.beta != nullptr) gradients.beta[c] = static_cast<float>(gradients.beta[c] + s.sum[0]);
    if (gradients.gamma != nullptr) gradients.gamma[c] = static_cast<float>(gradients.gamma[c] + s.sum[1]);
    if (gradients.slope != nullptr) gradients.slope[c] = static_cast<float>(gradients.slope[c] + s.sum[2]);
  }
};

struct AddTo {
  float* total;  // (c)
  FR_HD void operator()(int64_t c, const Sums<1>& s) const {
    total[c] = static_cast<float>(total[c] + s.sum[0]);
  }
};

}  // namespace fr::cuda
