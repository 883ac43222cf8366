// Shape checks every backend makes before an operation, and where an element of a View lies. Faults throw
// fr::Error with the operation's name and the shapes met.
#pragma once
#include <initializer_list>

#include "backend/backend.h"

namespace fr {

// Offset in elements of (n, c, position) in a view, position = row * w + column; see the head of
// core/tensor.h.
inline int64_t offset_of(const View& v, int64_t n, int64_t c, int64_t position) {
  const int64_t block = v.layout.block;
  return ((n * (v.shape.c / block) + c / block) * v.shape.plane() + position) * block + c % block;
}

inline bool is_empty(const View& v) { return v.data == nullptr; }

// Output rows or columns of a convolution over `size` input rows or columns.
inline int64_t conv_output_size(const ConvGeometry& g, int64_t size) {
  return (size + 2 * g.pad - g.kernel) / g.stride + 1;
}

// f32 (on a GPU also bf16), not null, no extent below one, channels a multiple of the layout's block.
void check_view(const char* operation, const char* role, const View& v);
// x (n, c, h, w) and y (n, k, h', w') fit the geometry; weight pointer not null.
void check_convolution(const char* operation, const ConvGeometry& g, const View& x, const void* weight,
                       const View& y);
// All views valid, of one shape and one layout (empty ones are passed over).
void check_alike(const char* operation, std::initializer_list<View> views);
// x, the optional residual and y alike; gamma, beta and the statistics given.
void check_batch_norm(const char* operation, const BatchNorm& bn, std::initializer_list<View> views,
                      const float* mean, const float* variance);
void check_batch_norm_gradients(const BatchNorm& bn, const BatchNormGradients& gradients);
// x (n, c, h, w) = (n, m), y (n, k) in rows; w not null.
void check_linear(const char* operation, const View& x, const void* w, const View& y);
void check_gemm(const Backend::Gemm& g, const void* a, const void* b, const void* c);

}  // namespace fr
