// reorder, add, accumulate.
#include "backend/checks.h"
#include "backend/ref/ref.h"
#include "core/error.h"
#include "core/parallel.h"

namespace fr {

void RefBackend::reorder(const View& src, const View& dst) {
  check_view("reorder", "src", src);
  check_view("reorder", "dst", dst);
  FR_CHECK(src.shape == dst.shape, "reorder: shapes {} and {} differ", src.shape.text(), dst.shape.text());
  parallel_for(src.shape.n * src.shape.c, [&](int64_t row) {
    const int64_t n = row / src.shape.c, c = row % src.shape.c;
    for (int64_t p = 0; p < src.shape.plane(); ++p)
      dst.f32()[offset_of(dst, n, c, p)] = src.f32()[offset_of(src, n, c, p)];
  });
}

void RefBackend::add(const View& a, const View& b, const View& y) {
  check_view("add", "b", b);
  check_alike("add", {y, a, b});
  parallel_for(y.count(), [&](int64_t i) { y.f32()[i] = a.f32()[i] + b.f32()[i]; });
}

void RefBackend::accumulate(const View& x, const View& y) {
  check_view("accumulate", "x", x);
  check_alike("accumulate", {y, x});
  parallel_for(y.count(), [&](int64_t i) { y.f32()[i] += x.f32()[i]; });
}

}  // namespace fr
