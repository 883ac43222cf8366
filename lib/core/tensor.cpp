#include "core/tensor.h"

#include <fmt/core.h>

#include <cassert>
#include <utility>

#include "core/device_memory.h"
#include "core/error.h"

namespace fr {

int64_t size_of(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return 4;
    case DType::kBf16:
    case DType::kF16:
      return 2;
    case DType::kU8:
      return 1;
  }
  return 0;
}

const char* name_of(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return "f32";
    case DType::kBf16:
      return "bf16";
    case DType::kF16:
      return "f16";
    case DType::kU8:
      return "u8";
  }
  return "?";
}

std::string Shape::text() const { return fmt::format("({}, {}, {}, {})", n, c, h, w); }

View view_of(float* data, Shape shape, Device device) { return {data, shape, {}, DType::kF32, device}; }
View view_of(const float* data, Shape shape, Device device) {
  return view_of(const_cast<float*>(data), shape, device);
}

void copy(const View& from, const View& to) {
  FR_CHECK(from.shape == to.shape && from.layout == to.layout && from.dtype == to.dtype,
           "copy: {} {} in blocks of {} into {} {} in blocks of {}", from.shape.text(), name_of(from.dtype),
           from.layout.block, to.shape.text(), name_of(to.dtype), to.layout.block);
  copy_bytes(to.device, to.data, from.device, from.data, from.bytes());
}

Memory::Memory(int64_t bytes, Device device)
    : data_(static_cast<std::byte*>(allocate_bytes(device, bytes))), bytes_(bytes), device_(device) {}

Memory& Memory::operator=(Memory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  std::swap(device_, other.device_);
  return *this;
}

std::byte* Memory::reserve(int64_t bytes) {
  if (bytes_ < bytes) *this = Memory(bytes, device_);
  return data_;
}

Memory::~Memory() {
  if (data_ != nullptr) release_bytes(device_, data_, bytes_);
}

Tensor::Tensor(Shape shape, Layout layout, DType dtype, Device device)
    : memory_(shape.count() * size_of(dtype), device), view_{memory_.data(), shape, layout, dtype, device} {
  assert(shape.c % layout.block == 0);
}

OnHost::OnHost(const View& view) : view_(view) {
  if (view.device == Device::kCpu) return;
  copy_ = Tensor(view.shape, view.layout, view.dtype);
  copy(view, copy_);
  view_ = copy_;
}

Tensor Tensor::zeros(Shape shape, Layout layout, DType dtype, Device device) {
  Tensor tensor(shape, layout, dtype, device);
  zero_bytes(device, tensor.view().data, tensor.view().bytes());
  return tensor;
}

}  // namespace fr
