#include "eval/score_slot.h"

#include <algorithm>

#include "core/device_memory.h"
#include "core/parallel.h"

namespace fr {

Staging::Staging(Device device, int64_t rows, int64_t dim)
    : dim_(dim), host_(device, rows * DeviceRows::stride_of(dim) * 4), copies_(device) {}

void Staging::upload(const RowSet& set, int64_t first, int64_t count, const DeviceRows& rows, int64_t at) {
  copies_.wait();
  const int64_t stride = rows.stride();
  float* const host = host_.as<float>();
  parallel_ranges(count, 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      set.read(first + i, host + i * stride);
      std::fill(host + i * stride + dim_, host + (i + 1) * stride, 0.0f);
    }
  });
  copies_.copy(rows.f32(at), host, count * stride * 4);
  copies_.before_work();
}

DeviceSlot::DeviceSlot(Device device, const DeviceBlocks& blocks, int64_t dim)
    : rows(device, blocks.gallery_block, dim),
      device_(device),
      dim_(dim),
      cuts_(blocks.probe_block * 4, device),
      bounds_(blocks.probe_block * int64_t{sizeof(ProbeBound)}, device),
      candidate_items_(blocks.room * int64_t{sizeof(Candidate)}, device),
      hit_items_(blocks.room * int64_t{sizeof(ScoreHit)}, device),
      counts_(2 * int64_t{sizeof(int64_t)}, device),
      host_counts_(device, counts_.bytes()),
      copies_(device) {
  auto* const counts = reinterpret_cast<int64_t*>(counts_.data());
  candidates_ = {reinterpret_cast<Candidate*>(candidate_items_.data()), blocks.room, counts};
  hits_ = {reinterpret_cast<ScoreHit*>(hit_items_.data()), blocks.room, counts + 1};
}

void DeviceSlot::bound(const DeviceRows& probes, int64_t first, int64_t count) {
  bound_probes(device_, probes.bounds(first), cuts() + first, count, dim_,
               reinterpret_cast<ProbeBound*>(bounds_.data()) + first);
}

void DeviceSlot::clear() { zero_bytes(device_, counts_.data(), counts_.bytes()); }

void DeviceSlot::fetch_counts() {
  copies_.after_work();
  copies_.copy(host_counts_.as<int64_t>(), counts_.data(), counts_.bytes());
}

void DeviceSlot::wait() { copies_.wait(); }

int64_t DeviceSlot::candidate_count() {
  wait();
  return host_counts_.as<int64_t>()[0];
}

int64_t DeviceSlot::hit_count() {
  wait();
  return std::min(host_counts_.as<int64_t>()[1], hits_.capacity);
}

}  // namespace fr
