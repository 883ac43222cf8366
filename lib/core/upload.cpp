#include "core/upload.h"

#include "core/device_memory.h"

namespace fr {

Upload::Upload(Device device, std::span<const int64_t> bytes) : stream_(device) {
  for (const int64_t size : bytes) arrived_.emplace_back(size, device);
}

void Upload::start(std::span<const void* const> parts) {
  for (size_t i = 0; i < arrived_.size(); ++i)
    stream_.copy(arrived_[i].data(), parts[i], arrived_[i].bytes());
}

void Upload::take(std::span<void* const> parts) {
  stream_.before_work();
  for (size_t i = 0; i < arrived_.size(); ++i) {
    const Memory& part = arrived_[i];
    copy_bytes(part.device(), parts[i], part.device(), part.data(), part.bytes());
  }
  stream_.after_work();  // the next parts may come as soon as these are out of the way
}

}  // namespace fr
