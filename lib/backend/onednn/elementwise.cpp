// reorder, add, accumulate.
#include "backend/checks.h"
#include "backend/onednn/onednn.h"
#include "core/error.h"
#include "core/parallel.h"

namespace fr {
namespace {

constexpr int64_t kLeast = 1 << 14;  // elements worth a thread

}  // namespace

void OnednnBackend::reorder(const View& src, const View& dst) {
  check_view("reorder", "src", src);
  check_view("reorder", "dst", dst);
  FR_CHECK(src.shape == dst.shape, "reorder: shapes {} and {} differ", src.shape.text(), dst.shape.text());
  onednn::Prepared& p = prepared(key(kReorder, {}, src, dst), "reorder", [&] {
    const auto from = onednn::format_of(src.shape, src.layout), to = onednn::format_of(dst.shape, dst.layout);
    const dnnl::reorder::primitive_desc descriptor(engine_, from, engine_, to, onednn::strict_attributes());
    onednn::Prepared made;
    made.primitive = dnnl::reorder(descriptor);
    made.implementation = descriptor.impl_info_str();
    made.set_slot(0, DNNL_ARG_FROM, from, from, false, engine_);
    made.set_slot(2, DNNL_ARG_TO, to, to, false, engine_);
    made.finish(descriptor.scratchpad_desc(), engine_);
    return made;
  });
  execute(p, src.data, nullptr, dst.data);
}

void OnednnBackend::add(const View& a, const View& b, const View& y) {
  check_view("add", "b", b);
  check_alike("add", {y, a, b});
  const float *left = a.f32(), *right = b.f32();
  float* sum = y.f32();
  parallel_ranges(y.count(), kLeast, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) sum[i] = left[i] + right[i];
  });
}

void OnednnBackend::accumulate(const View& x, const View& y) {
  check_view("accumulate", "x", x);
  check_alike("accumulate", {y, x});
  const float* term = x.f32();
  float* sum = y.f32();
  parallel_ranges(y.count(), kLeast, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) sum[i] += term[i];
  });
}

}  // namespace fr
