#include "core/copy_stream.h"

#include <cstring>

#include "core/device_memory.h"

namespace fr {

CopyStream::CopyStream(Device device) : device_(device) {
  if (device == Device::kCuda) stream_ = gpu::make_side_stream();
}

CopyStream::~CopyStream() {
  if (stream_ != nullptr) gpu::release_side_stream(stream_);
}

void CopyStream::copy(void* to, const void* from, int64_t bytes) {
  if (device_ == Device::kCuda) return gpu::copy_aside(stream_, to, from, bytes);
  std::memcpy(to, from, static_cast<size_t>(bytes));
}

void CopyStream::after_work() {
  if (device_ == Device::kCuda) gpu::side_after_work(stream_);
}

void CopyStream::before_work() {
  if (device_ == Device::kCuda) gpu::work_after_side(stream_);
}

void CopyStream::wait() {
  if (device_ == Device::kCuda) gpu::synchronize_side(stream_);
}

Pinned::Pinned(Device device, int64_t bytes)
    : device_(device),
      bytes_(bytes),
      data_(device == Device::kCuda ? gpu::allocate_pinned(bytes) : allocate_bytes(device, bytes)) {}

Pinned::~Pinned() {
  if (data_ == nullptr) return;
  if (device_ == Device::kCuda) {
    gpu::release_pinned(data_);
  } else {
    release_bytes(device_, data_, bytes_);
  }
}

}  // namespace fr
