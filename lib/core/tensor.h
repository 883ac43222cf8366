// Shape, layout, View (owns nothing) and Tensor (owns aligned host memory; other backends bring their own).
//
// Every layout we meet is NCHW with the channels cut into blocks: element (n, c, h, w) of a tensor with block
// B is at
//   ((n * C/B + c/B) * H*W + h*W + w) * B + c%B .
// B = 1 is NCHW, B = 8 or 16 is oneDNN's blocked form, B = C is NHWC. C is a multiple of B.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace fr {

enum class DType : uint8_t { kF32, kBf16, kF16, kU8 };
int64_t size_of(DType dtype);      // bytes of one element
const char* name_of(DType dtype);  // "f32", "bf16", "f16", "u8"

// (n, c, h, w), or (rows, columns) as (n, c, 1, 1).
struct Shape {
  int64_t n = 0, c = 1, h = 1, w = 1;
  int64_t count() const { return n * c * h * w; }
  int64_t plane() const { return h * w; }
  bool operator==(const Shape&) const = default;
  std::string text() const;  // "(2, 3, 112, 112)"
};

struct Layout {
  int64_t block = 1;  // channels stored together, see the head of this file
  bool operator==(const Layout&) const = default;
};

struct View {
  void* data = nullptr;
  Shape shape;
  Layout layout;
  DType dtype = DType::kF32;

  float* f32() const { return static_cast<float*>(data); }
  uint8_t* u8() const { return static_cast<uint8_t*>(data); }
  int64_t count() const { return shape.count(); }
  std::span<float> floats() const { return {f32(), static_cast<size_t>(count())}; }
};

// A View of f32 memory somebody else owns, row-major / NCHW.
View view_of(float* data, Shape shape);
View view_of(const float* data, Shape shape);  // for sources; the callee reads only

// 64-byte aligned host memory, uninitialised.
class Memory {
 public:
  Memory() = default;
  explicit Memory(int64_t bytes);
  Memory(Memory&& other) noexcept : data_(other.data_), bytes_(other.bytes_) {
    other.data_ = nullptr;
    other.bytes_ = 0;
  }
  Memory& operator=(Memory&& other) noexcept;
  ~Memory();
  std::byte* data() const { return data_; }
  int64_t bytes() const { return bytes_; }
  // data() of at least so many bytes; where it must grow, what it held is lost.
  std::byte* reserve(int64_t bytes);
  float* reserve_f32(int64_t count) { return reinterpret_cast<float*>(reserve(count * int64_t{4})); }

 private:
  std::byte* data_ = nullptr;
  int64_t bytes_ = 0;
};

class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(Shape shape, Layout layout = {}, DType dtype = DType::kF32);  // uninitialised
  static Tensor zeros(Shape shape, Layout layout = {});
  const View& view() const { return view_; }
  operator const View&() const { return view_; }  // NOLINT: a Tensor is usable wherever a View is
  const Shape& shape() const { return view_.shape; }
  float* f32() const { return view_.f32(); }
  std::span<float> floats() const { return view_.floats(); }

 private:
  Memory memory_;
  View view_;
};

}  // namespace fr
