// Shape, layout, View (owns nothing) and Tensor (owns aligned memory of one device).
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
#include <utility>

#include "core/device.h"

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
  Device device = Device::kCpu;  // whose memory `data` is

  float* f32() const { return static_cast<float*>(data); }
  uint8_t* u8() const { return static_cast<uint8_t*>(data); }
  int64_t count() const { return shape.count(); }
  int64_t bytes() const { return count() * size_of(dtype); }
  std::span<float> floats() const { return {f32(), static_cast<size_t>(count())}; }
};

// A View of f32 memory somebody else owns, row-major / NCHW.
View view_of(float* data, Shape shape, Device device = Device::kCpu);
View view_of(const float* data, Shape shape,
             Device device = Device::kCpu);  // for sources; the callee reads only

// Copies all elements; the two agree in shape, layout and dtype, and may be on different devices. Complete
// when it returns where one side is the host.
void copy(const View& from, const View& to);

// 64-byte aligned memory of a device, uninitialised.
class Memory {
 public:
  Memory() = default;
  explicit Memory(int64_t bytes, Device device = Device::kCpu);
  Memory(Memory&& other) noexcept { *this = std::move(other); }
  Memory& operator=(Memory&& other) noexcept;
  ~Memory();
  std::byte* data() const { return data_; }
  int64_t bytes() const { return bytes_; }
  Device device() const { return device_; }
  // data() of at least so many bytes; where it must grow, what it held is lost.
  std::byte* reserve(int64_t bytes);
  float* reserve_f32(int64_t count) { return reinterpret_cast<float*>(reserve(count * int64_t{4})); }

 private:
  std::byte* data_ = nullptr;
  int64_t bytes_ = 0;
  Device device_ = Device::kCpu;
};

class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(Shape shape, Layout layout = {}, DType dtype = DType::kF32,
                  Device device = Device::kCpu);  // uninitialised
  static Tensor zeros(Shape shape, Layout layout = {}, DType dtype = DType::kF32,
                      Device device = Device::kCpu);
  const View& view() const { return view_; }
  operator const View&() const { return view_; }  // NOLINT: a Tensor is usable wherever a View is
  const Shape& shape() const { return view_.shape; }
  float* f32() const { return view_.f32(); }
  std::span<float> floats() const { return view_.floats(); }

 private:
  Memory memory_;
  View view_;
};

// What a view holds, for the host to read: itself on a CPU, a copy of it otherwise.
class OnHost {
 public:
  explicit OnHost(const View& view);
  const View& view() const { return view_; }
  std::span<const float> floats() const { return view_.floats(); }

 private:
  Tensor copy_;
  View view_;
};

}  // namespace fr
