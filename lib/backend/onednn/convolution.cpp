// Convolution by oneDNN. The caller's layouts are used where a fast kernel takes them; otherwise the library
// chooses and the operands are reordered into scratch memory. Weights always are: theirs is the library's
// choice. Groups of less than a vector of channels are merged, see onednn/groups.h; the commonest 3 x 3
// kernels are our own, see onednn/winograd.h and onednn/weights3x3.h.
#include "backend/checks.h"
#include "backend/onednn/formats.h"
#include "backend/onednn/groups.h"
#include "backend/onednn/onednn.h"
#include "core/error.h"
#include "core/parallel.h"

namespace fr {
namespace {

using onednn::any_format;
using onednn::best;
using onednn::ConvolutionFormats;
using onednn::format_of;
using onednn::formats;
using onednn::is_fast;
using onednn::Prepared;
using onednn::weight_format;

// A depthwise convolution of one output position: every weight meets one input value of each image.
bool is_depthwise_sum(const ConvGeometry& g, Shape x, Shape y) {
  return g.groups == x.c && g.groups == y.c && y.plane() == 1 && g.pad == 0 &&
         x.plane() == g.kernel * g.kernel;
}

// Its weights' gradient, for which oneDNN has no fast kernel: dw[c][p] += sum over n of x[n][c][p] dy[n][c].
void add_depthwise_sum(const View& x, const View& dy, float* dw) {
  const int64_t plane = x.shape.plane();
  parallel_for(x.shape.c, [&](int64_t c) {
    for (int64_t n = 0; n < x.shape.n; ++n) {
      const float d = dy.f32()[offset_of(dy, n, c, 0)];
      const float* const values = x.f32() + offset_of(x, n, c, 0);
      for (int64_t p = 0; p < plane; ++p) dw[c * plane + p] += values[p * x.layout.block] * d;
    }
  });
}

}  // namespace

std::pair<Layout, Layout> OnednnBackend::preferred(const ConvGeometry& asked, Shape x, Shape y) const {
  const ConvGeometry g = onednn::merged(asked, x, y);
  const auto descriptor = onednn::forward_desc(formats(g, x, y, any_format(x), any_format(y)),
                                               onednn::strict_attributes(), engine_);
  const auto closest = [](Shape s) { return Layout{s.c % 16 == 0 ? 16 : s.c % 8 == 0 ? 8 : 1}; };
  if (!is_fast(descriptor)) return {closest(x), closest(y)};
  return {onednn::layout_of(descriptor.src_desc(), x).value_or(closest(x)),
          onednn::layout_of(descriptor.dst_desc(), y).value_or(closest(y))};
}

void OnednnBackend::conv_forward(const ConvGeometry& asked, const View& x, const float* w, const View& y) {
  check_convolution("conv_forward", asked, x, w, y);
  if (onednn::has_winograd(asked, x, y)) {
    implementations_.insert("conv_forward winograd");
    winograd_.set_weights(w, y.shape.c, x.shape.c);
    return winograd_.run(x, y);
  }
  const ConvGeometry g = onednn::merged(asked, x.shape, y.shape);
  Prepared& p = prepared(key(kForward, g, x, y), "conv_forward", [&] {
    const auto descriptor = best(g, x, y, [&](const ConvolutionFormats& f) {
      return onednn::forward_desc(f, onednn::strict_attributes(), engine_);
    });
    Prepared made;
    made.primitive = dnnl::convolution_forward(descriptor);
    made.implementation = descriptor.impl_info_str();
    made.set_slot(0, DNNL_ARG_SRC, format_of(x.shape, x.layout), descriptor.src_desc(), false, engine_);
    made.set_slot(1, DNNL_ARG_WEIGHTS, weight_format(g, x.shape, y.shape, false), descriptor.weights_desc(),
                  false, engine_);
    made.set_slot(2, DNNL_ARG_DST, format_of(y.shape, y.layout), descriptor.dst_desc(), false, engine_);
    made.finish(descriptor.scratchpad_desc(), engine_);
    return made;
  });
  execute(p, x.data, g == asked ? w : expanded(asked, g, x.shape, y.shape, w), y.data);
}

void OnednnBackend::conv_backward_data(const ConvGeometry& asked, const View& dy, const float* w,
                                       const View& dx) {
  check_convolution("conv_backward_data", asked, dx, w, dy);
  if (onednn::has_winograd(asked, dy, dx)) {
    implementations_.insert("conv_backward_data winograd");
    winograd_.set_transposed_weights(w, dy.shape.c, dx.shape.c);
    return winograd_.run(dy, dx);
  }
  const ConvGeometry g = onednn::merged(asked, dx.shape, dy.shape);
  Prepared& p = prepared(key(kBackwardData, g, dx, dy), "conv_backward_data", [&] {
    const auto descriptor = best(g, dx, dy, [&](const ConvolutionFormats& f) {
      const auto hint = onednn::forward_desc(f, onednn::strict_attributes(), engine_);
      return onednn::backward_data_desc(f, hint, onednn::strict_attributes(), engine_);
    });
    Prepared made;
    made.primitive = dnnl::convolution_backward_data(descriptor);
    made.implementation = descriptor.impl_info_str();
    made.set_slot(0, DNNL_ARG_DIFF_DST, format_of(dy.shape, dy.layout), descriptor.diff_dst_desc(), false,
                  engine_);
    made.set_slot(1, DNNL_ARG_WEIGHTS, weight_format(g, dx.shape, dy.shape, false), descriptor.weights_desc(),
                  false, engine_);
    made.set_slot(2, DNNL_ARG_DIFF_SRC, format_of(dx.shape, dx.layout), descriptor.diff_src_desc(), false,
                  engine_);
    made.finish(descriptor.scratchpad_desc(), engine_);
    return made;
  });
  execute(p, dy.data, g == asked ? w : expanded(asked, g, dx.shape, dy.shape, w), dx.data);
}

void OnednnBackend::conv_backward_weights(const ConvGeometry& asked, const View& x, const View& dy,
                                          float* dw) {
  check_convolution("conv_backward_weights", asked, x, dw, dy);
  if (is_depthwise_sum(asked, x.shape, dy.shape)) return add_depthwise_sum(x, dy, dw);
  if (onednn::has_weights3x3(asked, x, dy)) {
    implementations_.insert("conv_backward_weights weights3x3");
    return weights3x3_.add(asked, x, dy, dw);
  }
  const ConvGeometry g = onednn::merged(asked, x.shape, dy.shape);
  Prepared& p = prepared(key(kBackwardWeights, g, x, dy), "conv_backward_weights", [&] {
    const auto descriptor = best(g, x, dy, [&](const ConvolutionFormats& f) {
      const auto hint = onednn::forward_desc(f, onednn::strict_attributes(), engine_);
      return onednn::backward_weights_desc(f, hint, onednn::strict_attributes(), engine_);
    });
    Prepared made;
    made.primitive = dnnl::convolution_backward_weights(descriptor);
    made.implementation = descriptor.impl_info_str();
    made.set_slot(0, DNNL_ARG_SRC, format_of(x.shape, x.layout), descriptor.src_desc(), false, engine_);
    made.set_slot(1, DNNL_ARG_DIFF_DST, format_of(dy.shape, dy.layout), descriptor.diff_dst_desc(), false,
                  engine_);
    made.set_slot(2, DNNL_ARG_DIFF_WEIGHTS, weight_format(g, x.shape, dy.shape, false),
                  descriptor.diff_weights_desc(), true, engine_);
    made.finish(descriptor.scratchpad_desc(), engine_);
    return made;
  });
  if (g == asked) return execute(p, x.data, dy.data, dw);
  const onednn::GroupBlocks blocks(asked, g, x.shape, dy.shape);
  float* const merged_dw = merged_weights(blocks.merged_count());
  std::fill_n(merged_dw, blocks.merged_count(), 0.0f);
  execute(p, x.data, dy.data, merged_dw);
  blocks.add_blocks(merged_dw, dw);
}

float* OnednnBackend::merged_weights(int64_t count) {
  if (merged_weights_.shape().count() < count) merged_weights_ = Tensor({.n = count});
  return merged_weights_.f32();
}

const float* OnednnBackend::expanded(const ConvGeometry& asked, const ConvGeometry& merged, Shape x, Shape y,
                                     const float* w) {
  const onednn::GroupBlocks blocks(asked, merged, x, y);
  float* const weights = merged_weights(blocks.merged_count());
  blocks.expand(w, weights);
  return weights;
}

}  // namespace fr
