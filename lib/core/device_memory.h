// Memory of either device, for code that is no kernel. Work on a GPU is ordered by one stream: a copy waits
// for what was launched before it, and only synchronize() and copies to the host wait on the host's side.
#pragma once
#include <cstdint>
#include <string>

#include "core/device.h"

namespace fr {

const char* name_of(Device device);  // "cpu", "cuda"

// Empty where Device::kCuda can be used; otherwise why it cannot, in one line.
std::string why_no_cuda();

// "cpu", "cuda", or "auto": cuda where it can be used. Throws fr::Error for another name, and for a cuda that
// cannot be used, saying why.
Device parse_device(const std::string& name);

void* allocate_bytes(Device device, int64_t bytes);  // 64-byte aligned, uninitialised
void release_bytes(Device device, void* data, int64_t bytes) noexcept;
// What can still be allocated; of a CPU, which lends more than it has, the largest number.
int64_t free_bytes(Device device);
// `to` and `from` are on those devices. Copies between host and GPU are complete when this returns.
void copy_bytes(Device to_device, void* to, Device from_device, const void* from, int64_t bytes);
void zero_bytes(Device device, void* to, int64_t bytes);
void synchronize(Device device);  // until all work so far is done; nothing on a CPU

}  // namespace fr
