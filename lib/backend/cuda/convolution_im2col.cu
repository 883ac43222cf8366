// Convolution as products: columns of a few images at a time, one product of cuBLAS a group (all groups of a
// batch at once). How many images depends on the shape alone, so that results repeat.
#include <fmt/core.h>

#include <algorithm>

#include "backend/cuda/convolution.h"
#include "backend/cuda/im2col.cuh"
#include "core/launch.cuh"

namespace fr::cuda {
namespace {

constexpr int64_t kMostColumns = 256 << 20;  // bytes at a time

// body(T*) with the type of the dtype.
template <class Body>
void with_type(DType dtype, const Body& body) {
  if (dtype == DType::kBf16) return body(static_cast<Bf16*>(nullptr));
  body(static_cast<float*>(nullptr));
}

class Im2col final : public Convolution {
 public:
  explicit Im2col(const ConvContext& context) : context_(context) {}

  // y (positions, k/g) = columns (positions, taps c/g) w (k/g, taps c/g)^T of each group
  void forward(const ConvProblem& p, const void* x, const void* w, void* y) override {
    note("conv_forward", p);
    const int64_t inner = p.taps() * p.group_inputs(), outputs = p.y.c / p.g.groups;
    for_images(p, p.dtype, [&](int64_t first, const ColumnPlaces& at, void* columns) {
      fill(p, at, image(p, x, p.x, first), columns);
      context_.blas.run({.transpose_b = true,
                         .m = at.positions,
                         .n = outputs,
                         .k = inner,
                         .lda = inner,
                         .ldb = inner,
                         .ldc = p.y.c},
                        p.dtype, columns, w, p.dtype, image(p, y, p.y, first),
                        {p.g.groups, at.positions * inner, outputs * inner, outputs});
    });
  }

  // columns (positions, taps c/g) = dy (positions, k/g) w (k/g, taps c/g), then gathered
  void backward_data(const ConvProblem& p, const void* dy, const void* w, void* dx) override {
    note("conv_backward_data", p);
    const int64_t inner = p.taps() * p.group_inputs(), outputs = p.y.c / p.g.groups;
    for_images(p, DType::kF32, [&](int64_t first, const ColumnPlaces& at, void* columns) {
      context_.blas.run(
          {.m = at.positions, .n = inner, .k = outputs, .lda = p.y.c, .ldb = inner, .ldc = inner}, p.dtype,
          image(p, dy, p.y, first), w, DType::kF32, columns,
          {p.g.groups, outputs, outputs * inner, at.positions * inner});
      const int64_t count = at.positions / p.y.plane() * p.x.c * p.x.plane();
      with_type(p.dtype, [&](auto* type) {
        auto* const to = static_cast<decltype(type)>(image(p, dx, p.x, first));
        gpu::launch(count, FromColumns{at, static_cast<const float*>(columns), to});
      });
    });
  }

  // dw (k/g, taps c/g) += dy (positions, k/g)^T columns (positions, taps c/g), in f32
  void backward_weights(const ConvProblem& p, const void* x, const void* dy, float* dw) override {
    note("conv_backward_weights", p);
    const int64_t inner = p.taps() * p.group_inputs(), outputs = p.y.c / p.g.groups;
    const Pool::Scope scope(context_.pool);
    std::byte* const sum = context_.pool.take(p.weights() * size_of(DType::kF32));
    for_images(p, p.dtype, [&](int64_t first, const ColumnPlaces& at, void* columns) {
      fill(p, at, image(p, x, p.x, first), columns);
      context_.blas.run({.transpose_a = true,
                         .m = outputs,
                         .n = inner,
                         .k = at.positions,
                         .beta = first == 0 ? 0.0f : 1.0f,
                         .lda = p.y.c,
                         .ldb = inner,
                         .ldc = inner},
                        p.dtype, image(p, dy, p.y, first), columns, DType::kF32, sum,
                        {p.g.groups, outputs, at.positions * inner, outputs * inner});
    });
    add_krsc(p, DType::kF32, sum, dw);
  }

 private:
  void note(const char* operation, const ConvProblem& p) {
    context_.implementations.insert(fmt::format("{}: {}", describe(operation, p), kIm2col));
  }

  // Where image `first` begins in NHWC memory of the shape.
  static void* image(const ConvProblem& p, const void* memory, const Shape& shape, int64_t first) {
    const int64_t offset = first * shape.c * shape.plane() * size_of(p.dtype);
    return const_cast<std::byte*>(static_cast<const std::byte*>(memory)) + offset;
  }

  static void fill(const ConvProblem& p, const ColumnPlaces& at, const void* x, void* columns) {
    with_type(p.dtype, [&](auto* type) {
      using T = std::remove_pointer_t<decltype(type)>;
      gpu::launch(at.columns(), ToColumns<T>{at, static_cast<const T*>(x), static_cast<T*>(columns)});
    });
  }

  // body(first image, places, memory for their columns of the dtype) for all images, in order.
  template <class Body>
  void for_images(const ConvProblem& p, DType dtype, const Body& body) {
    const int64_t bytes = p.y.plane() * p.taps() * p.x.c * size_of(dtype);  // of an image
    const int64_t most = std::clamp(kMostColumns / bytes, int64_t{1}, p.x.n);
    const Pool::Scope scope(context_.pool);
    void* const columns = context_.pool.take(most * bytes);
    for (int64_t first = 0; first < p.x.n; first += most)
      body(first, ColumnPlaces(p.g, p.x, p.y, std::min(most, p.x.n - first)), columns);
  }

  ConvContext context_;
};

}  // namespace

std::unique_ptr<Convolution> make_im2col(const ConvContext& context) {
  return std::make_unique<Im2col>(context);
}

}  // namespace fr::cuda
