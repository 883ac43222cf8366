// Which memory formats a convolution computes in: the caller's where a fast kernel takes them, else the
// library's choice.
#pragma once
#include <string_view>

#include "backend/backend.h"
#include "backend/onednn/prepared.h"
#include "backend/onednn/version.h"
#include "core/error.h"

namespace fr::onednn {

inline dnnl::memory::desc any_format(Shape s) {
  return {{s.n, s.c, s.h, s.w}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::any};
}

// (k, c/g, kernel, kernel), or (g, k/g, c/g, kernel, kernel) where there are groups.
inline dnnl::memory::desc weight_format(const ConvGeometry& g, Shape x, Shape y, bool any) {
  using tag = dnnl::memory::format_tag;
  const dnnl::memory::data_type f32 = dnnl::memory::data_type::f32;
  if (g.groups == 1) return {{y.c, x.c, g.kernel, g.kernel}, f32, any ? tag::any : tag::oihw};
  return {{g.groups, y.c / g.groups, x.c / g.groups, g.kernel, g.kernel}, f32, any ? tag::any : tag::goihw};
}

inline ConvolutionFormats formats(const ConvGeometry& g, Shape x, Shape y, const dnnl::memory::desc& src,
                                  const dnnl::memory::desc& dst) {
  return {src, weight_format(g, x, y, true), dst, {g.stride, g.stride}, {g.pad, g.pad}};
}

template <class Descriptor>
bool is_fast(const Descriptor& descriptor) {
  if (!descriptor) return false;
  const std::string_view text = descriptor.impl_info_str();
  return text.find("ref") == text.npos && text.find("gemm") == text.npos;
}

// make(formats) gives a primitive descriptor: with the caller's formats if that is fast, else with the
// library's.
template <class Make>
auto best(const ConvGeometry& g, const View& x, const View& y, const Make& make) {
  auto given = make(formats(g, x.shape, y.shape, format_of(x.shape, x.layout), format_of(y.shape, y.layout)));
  if (is_fast(given)) return given;
  auto any = make(formats(g, x.shape, y.shape, any_format(x.shape), any_format(y.shape)));
  if (is_fast(any) || !given) given = any;
  FR_CHECK(given, "onednn: no convolution {} -> {} with kernel {}, stride {}, groups {}", x.shape.text(),
           y.shape.text(), g.kernel, g.stride, g.groups);
  return given;
}

}  // namespace fr::onednn
