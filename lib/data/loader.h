// Sampler and Loader: which images make batch k of epoch e, and their decoding ahead of the consumer.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/tensor.h"
#include "data/dataset.h"
#include "data/pixels.h"

namespace fr {

class Sampler {
 public:
  virtual ~Sampler() = default;
  // The order of one epoch: indices into the dataset. Depends on (seed, epoch) only.
  virtual std::vector<int64_t> epoch(int64_t epoch) const = 0;
};

std::unique_ptr<Sampler> make_shuffling_sampler(int64_t size, uint64_t seed);

struct Batch {
  View images;                        // (n, 3, 112, 112) f32, NCHW; or vectors (n, d, 1, 1); on the host
  std::span<const int32_t> labels{};  // (n)
  int64_t epoch = 0, index = 0;       // batch `index` of `epoch`
};

struct LoaderOptions {
  int64_t batch_size = 128;
  uint64_t seed = 2048;
  bool flip = true;         // mirror with probability 1/2, by (seed, epoch, image)
  int workers = 1;          // decoding threads
  int64_t first_batch = 0;  // global batch number to start at (resume)
  PixelNormalisation normalisation = {};
  Device reader = Device::kCpu;  // who reads the batches: for a GPU they lie in pinned memory
};

// Endless batches; the last incomplete batch of an epoch is dropped (spec/03 3.1). Batch k depends on (seed,
// k) alone.
class Loader {
 public:
  Loader(const Dataset& dataset, const Sampler& sampler, const LoaderOptions& options);
  ~Loader();
  int64_t batches_per_epoch() const;
  // The next batch; a worker's fr::Error is rethrown here. Valid until the next call.
  const Batch& next();
  double seconds_waited() const;  // total time next() waited for workers

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fr
