#include "core/tensor.h"

#include <fmt/core.h>

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

constexpr std::align_val_t kAlignment{64};

Memory::Memory(int64_t bytes) : bytes_(bytes) {
  assert(bytes >= 0);
  data_ =
      static_cast<std::byte*>(::operator new(static_cast<size_t>(std::max<int64_t>(bytes, 1)), kAlignment));
}

Memory& Memory::operator=(Memory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Memory::~Memory() { ::operator delete(data_, kAlignment); }

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
