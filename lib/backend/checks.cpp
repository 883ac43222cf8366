#include "backend/checks.h"

#include "core/error.h"

namespace fr {

void check_view(const char* operation, const char* role, const View& v) {
  const Shape& s = v.shape;
  FR_CHECK(v.data != nullptr, "{}: {} is not given", operation, role);
  FR_CHECK(v.dtype == DType::kF32 || (v.dtype == DType::kBf16 && v.device == Device::kCuda),
           "{}: {} is {}, f32 expected", operation, role, name_of(v.dtype));
  FR_CHECK(s.n > 0 && s.c > 0 && s.h > 0 && s.w > 0, "{}: {} has the empty shape {}", operation, role,
           s.text());
  FR_CHECK(v.layout.block > 0 && s.c % v.layout.block == 0, "{}: {} {} cannot lie in channel blocks of {}",
           operation, role, s.text(), v.layout.block);
}

void check_convolution(const char* operation, const ConvGeometry& g, const View& x, const void* weight,
                       const View& y) {
  check_view(operation, "x", x);
  check_view(operation, "y", y);
  FR_CHECK(weight != nullptr, "{}: the weight is not given", operation);
  FR_CHECK(g.kernel > 0 && g.stride > 0 && g.pad >= 0 && g.groups > 0,
           "{}: kernel {}, stride {}, pad {}, groups {} is no convolution", operation, g.kernel, g.stride,
           g.pad, g.groups);
  FR_CHECK(x.shape.c % g.groups == 0 && y.shape.c % g.groups == 0,
           "{}: {} and {} channels cannot be cut into {} groups", operation, x.shape.c, y.shape.c, g.groups);
  FR_CHECK(x.shape.h + 2 * g.pad >= g.kernel && x.shape.w + 2 * g.pad >= g.kernel,
           "{}: a kernel of {} does not fit into {} padded by {}", operation, g.kernel, x.shape.text(),
           g.pad);
  const Shape expected{x.shape.n, y.shape.c, conv_output_size(g, x.shape.h), conv_output_size(g, x.shape.w)};
  FR_CHECK(y.shape == expected, "{}: {} gives {}, not {}", operation, x.shape.text(), expected.text(),
           y.shape.text());
}

void check_alike(const char* operation, std::initializer_list<View> views) {
  const View& first = *views.begin();
  for (const View& v : views) {
    if (is_empty(v)) continue;
    check_view(operation, "an operand", v);
    FR_CHECK(v.shape == first.shape, "{}: shapes {} and {} differ", operation, first.shape.text(),
             v.shape.text());
    FR_CHECK(v.layout == first.layout, "{}: channel blocks of {} and {} differ", operation,
             first.layout.block, v.layout.block);
  }
}

void check_batch_norm(const char* operation, const BatchNorm& bn, std::initializer_list<View> views,
                      const float* mean, const float* variance) {
  check_view(operation, "x", *views.begin());
  check_alike(operation, views);
  FR_CHECK(bn.gamma != nullptr && bn.beta != nullptr, "{}: gamma or beta is not given", operation);
  FR_CHECK(mean != nullptr && variance != nullptr, "{}: mean or variance is not given", operation);
  FR_CHECK(bn.eps > 0, "{}: eps {} is not positive", operation, bn.eps);
}

void check_batch_norm_gradients(const BatchNorm& bn, const BatchNormGradients& gradients) {
  FR_CHECK((bn.slope == nullptr) == (gradients.slope == nullptr),
           "batch_norm_backward: the slope and its gradient go together");
}

void check_linear(const char* operation, const View& x, const void* w, const View& y) {
  check_view(operation, "x", x);
  check_view(operation, "y", y);
  FR_CHECK(w != nullptr, "{}: the weight is not given", operation);
  FR_CHECK(y.shape.n == x.shape.n && y.shape.plane() == 1, "{}: {} rows do not give {}", operation,
           x.shape.text(), y.shape.text());
}

void check_gemm(const Backend::Gemm& g, const void* a, const void* b, const void* c) {
  FR_CHECK(a != nullptr && b != nullptr && c != nullptr, "gemm: an operand is not given");
  FR_CHECK(g.m > 0 && g.n > 0 && g.k > 0, "gemm: empty extents {} x {} x {}", g.m, g.n, g.k);
  const int64_t lda = g.transpose_a ? g.m : g.k;
  const int64_t ldb = g.transpose_b ? g.k : g.n;
  FR_CHECK(g.lda >= lda && g.ldb >= ldb && g.ldc >= g.n,
           "gemm: leading dimensions {}, {}, {} are below {}, {}, {}", g.lda, g.ldb, g.ldc, lda, ldb, g.n);
}

}  // namespace fr
