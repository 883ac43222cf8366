#include "core/device_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

#include "core/error.h"

namespace fr {

namespace {

constexpr int64_t kLarge = 4 << 20;  // bytes from which huge pages (2 MB) pay
std::align_val_t alignment_of(int64_t bytes) {
  return std::align_val_t{bytes >= kLarge ? size_t{2} << 20 : 64};
}

}  // namespace

const char* name_of(Device device) { return device == Device::kCuda ? "cuda" : "cpu"; }

std::string why_no_cuda() {
  static const std::string why = gpu::why_not();
  return why;
}

Device parse_device(const std::string& name) {
  if (name == "cpu") return Device::kCpu;
  if (name == "auto") return why_no_cuda().empty() ? Device::kCuda : Device::kCpu;
  FR_CHECK(name == "cuda", "device '{}' is not auto, cpu or cuda", name);
  FR_CHECK(why_no_cuda().empty(), "device cuda: {}", why_no_cuda());
  return Device::kCuda;
}

void* allocate_bytes(Device device, int64_t bytes) {
  if (device == Device::kCuda) return gpu::allocate(bytes);
  const auto size = static_cast<size_t>(std::max<int64_t>(bytes, 1));
  void* const data = ::operator new(size, alignment_of(bytes));
  // Activations are walked in strides that 4 KB pages make expensive. Only a wish: a refusal changes nothing.
  if (bytes >= kLarge) madvise(data, size, MADV_HUGEPAGE);
  return data;
}

void release_bytes(Device device, void* data, int64_t bytes) noexcept {
  if (device == Device::kCuda) return gpu::release(data);
  ::operator delete(data, alignment_of(bytes));
}

int64_t free_bytes(Device device) {
  return device == Device::kCuda ? gpu::free_bytes() : std::numeric_limits<int64_t>::max();
}

void copy_bytes(Device to_device, void* to, Device from_device, const void* from, int64_t bytes) {
  if (bytes == 0) return;  // of nothing, the addresses may be null
  if (to_device == Device::kCpu && from_device == Device::kCpu) {
    std::memcpy(to, from, static_cast<size_t>(bytes));
    return;
  }
  gpu::copy(to, from, bytes);
  if (to_device != from_device) gpu::synchronize();
}

void zero_bytes(Device device, void* to, int64_t bytes) {
  if (device == Device::kCuda) return gpu::fill_zero(to, bytes);
  std::memset(to, 0, static_cast<size_t>(bytes));
}

void synchronize(Device device) {
  if (device == Device::kCuda) gpu::synchronize();
}

}  // namespace fr
