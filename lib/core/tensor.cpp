#include "core/tensor.h"

#include <fmt/core.h>
#include <sys/mman.h>

#include <algorithm>
#include <cassert>
#include <new>
#include <utility>

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

View view_of(float* data, Shape shape) { return {data, shape, {}, DType::kF32}; }
View view_of(const float* data, Shape shape) { return {const_cast<float*>(data), shape, {}, DType::kF32}; }

constexpr int64_t kLarge = 4 << 20;  // bytes from which huge pages (2 MB) pay
std::align_val_t alignment_of(int64_t bytes) {
  return std::align_val_t{bytes >= kLarge ? size_t{2} << 20 : 64};
}

Memory::Memory(int64_t bytes) : bytes_(bytes) {
  assert(bytes >= 0);
  const auto size = static_cast<size_t>(std::max<int64_t>(bytes, 1));
  data_ = static_cast<std::byte*>(::operator new(size, alignment_of(bytes)));
  // Activations are walked in strides that 4 KB pages make expensive. Only a wish: a refusal changes nothing.
  if (bytes >= kLarge) madvise(data_, size, MADV_HUGEPAGE);
}

Memory& Memory::operator=(Memory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

std::byte* Memory::reserve(int64_t bytes) {
  if (bytes_ < bytes) *this = Memory(bytes);
  return data_;
}

Memory::~Memory() { ::operator delete(data_, alignment_of(bytes_)); }

Tensor::Tensor(Shape shape, Layout layout, DType dtype)
    : memory_(shape.count() * size_of(dtype)), view_{memory_.data(), shape, layout, dtype} {
  assert(shape.c % layout.block == 0);
}

Tensor Tensor::zeros(Shape shape, Layout layout) {
  Tensor tensor(shape, layout);
  std::ranges::fill(tensor.floats(), 0.0f);
  return tensor;
}

}  // namespace fr
