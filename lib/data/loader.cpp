// A ring of batches between decoding workers and one consumer. Workers take single images in order, so all of
// them help with the batch that is needed next; what an image becomes depends on (seed, batch, place) alone.
#include "data/loader.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "core/copy_stream.h"
#include "core/error.h"
#include "core/random.h"

namespace fr {

namespace {

constexpr int64_t kRing = 4;  // batches: one being consumed, three decoded ahead

struct Slot {
  Batch batch;
  std::optional<Pinned> images, labels;
  std::vector<int64_t> indices;        // (n) into the dataset
  int64_t remaining = 0;               // images not yet decoded
  int64_t failed_at = 0;               // place of the first image that failed
  std::exception_ptr error = nullptr;  // what it threw
};

}  // namespace

struct Loader::Impl {
  const Dataset& dataset;
  const Sampler& sampler;
  const LoaderOptions options;
  const int64_t batches_per_epoch;
  const int64_t input_size;  // floats of one item

  std::mutex mutex;
  std::condition_variable slot_free, batch_ready;
  std::array<Slot, kRing> ring;  // batch k lies in slot k % kRing
  // Under the mutex: the next image to hand out is (next_batch, next_place); batches below `first_kept` are
  // consumed, so slots of batches below first_kept + kRing may be filled.
  int64_t next_batch, next_place = 0, first_kept, delivered;
  int64_t order_epoch = -1;
  std::vector<int64_t> order;  // of order_epoch
  bool stop = false;
  double waited = 0;
  std::vector<std::jthread> workers;

  Impl(const Dataset& d, const Sampler& s, const LoaderOptions& o)
      : dataset(d),
        sampler(s),
        options(o),
        batches_per_epoch(o.batch_size > 0 ? d.size() / o.batch_size : 0),
        input_size(d.input_shape().count()),
        next_batch(o.first_batch),
        first_kept(o.first_batch),
        delivered(o.first_batch) {
    FR_CHECK(o.batch_size > 0, "batch size {}: must be at least 1", o.batch_size);
    FR_CHECK(batches_per_epoch > 0, "{}: fewer images than one batch of {}", d.describe(), o.batch_size);
    Shape batch = d.input_shape();
    batch.n = o.batch_size;
    for (Slot& slot : ring) {
      slot.images.emplace(o.reader, batch.count() * size_of(DType::kF32));
      slot.batch.images = view_of(slot.images->as<float>(), batch);
      slot.labels.emplace(o.reader, o.batch_size * int64_t{sizeof(int32_t)});
      slot.batch.labels = {slot.labels->as<int32_t>(), static_cast<size_t>(o.batch_size)};
    }
    for (int i = 0; i < std::max(1, o.workers); ++i) workers.emplace_back([this] { work(); });
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      stop = true;
    }
    slot_free.notify_all();
  }

  Slot& slot_of(int64_t batch) { return ring[static_cast<size_t>(batch % kRing)]; }

  // Under the mutex: decides which images make batch `k`.
  void prepare(int64_t k) {
    Slot& slot = slot_of(k);
    slot.batch.epoch = k / batches_per_epoch;
    slot.batch.index = k % batches_per_epoch;
    slot.remaining = options.batch_size;
    slot.failed_at = options.batch_size;
    slot.error = nullptr;
    if (order_epoch != slot.batch.epoch) {
      order_epoch = slot.batch.epoch;
      order = sampler.epoch(order_epoch);
    }
    const auto begin = order.begin() + slot.batch.index * options.batch_size;
    slot.indices.assign(begin, begin + options.batch_size);
  }

  void decode(Slot& slot, int64_t place, std::span<uint8_t> rgb) const {
    const int64_t index = slot.indices[static_cast<size_t>(place)];
    float* const input = slot.batch.images.f32() + place * input_size;
    const bool vectors = dataset.vector_size() > 0;
    if (vectors)
      dataset.vector(index, {input, static_cast<size_t>(input_size)});
    else
      dataset.image(index, rgb);
    const int32_t label = dataset.label(index);
    FR_CHECK(label >= 0 && label < dataset.classes(), "{}: label {} is out of range (0 to {})",
             dataset.item_name(index), label, dataset.classes() - 1);
    slot.labels->as<int32_t>()[place] = label;
    if (vectors) return;
    const RandomStream flips(options.seed, "flip", static_cast<uint64_t>(slot.batch.epoch));
    const bool mirror = options.flip && flips.uniform(static_cast<uint64_t>(index)) < 0.5f;
    to_network_input(rgb, mirror, options.normalisation, input);
  }

  void work() {
    std::vector<uint8_t> rgb(static_cast<size_t>(kCropBytes));
    std::unique_lock lock(mutex);
    for (;;) {
      slot_free.wait(lock, [&] { return stop || next_batch < first_kept + kRing; });
      if (stop) return;
      const int64_t place = next_place++;
      Slot& slot = slot_of(next_batch);
      if (place == 0) prepare(next_batch);
      if (next_place == options.batch_size) {
        ++next_batch;
        next_place = 0;
      }
      lock.unlock();
      std::exception_ptr error;
      try {
        decode(slot, place, rgb);
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      if (error != nullptr && place < slot.failed_at) {
        slot.failed_at = place;
        slot.error = error;
      }
      if (--slot.remaining == 0) batch_ready.notify_one();
    }
  }

  const Batch& next() {
    std::unique_lock lock(mutex);
    if (first_kept < delivered) {  // the batch of the last call is given back
      first_kept = delivered;
      slot_free.notify_all();
    }
    const auto begin = std::chrono::steady_clock::now();
    Slot& slot = slot_of(delivered);
    const auto complete = [&] { return next_batch > delivered && slot.remaining == 0; };
    batch_ready.wait(lock, complete);
    waited += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (slot.error != nullptr) std::rethrow_exception(slot.error);
    ++delivered;
    return slot.batch;
  }
};

Loader::Loader(const Dataset& dataset, const Sampler& sampler, const LoaderOptions& options)
    : impl_(std::make_unique<Impl>(dataset, sampler, options)) {}
Loader::~Loader() = default;
int64_t Loader::batches_per_epoch() const { return impl_->batches_per_epoch; }
const Batch& Loader::next() { return impl_->next(); }
double Loader::seconds_waited() const { return impl_->waited; }

}  // namespace fr
