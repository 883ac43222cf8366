#include "backend/onednn/frozen_conv.h"

#include <algorithm>

#include "backend/checks.h"
#include "backend/onednn/formats.h"
#include "backend/onednn/groups.h"
#include "backend/onednn/strips.h"
#include "core/error.h"

namespace fr {

using onednn::ConvolutionFormats;
using onednn::for_strips;
using onednn::format_of;
using onednn::Strip;

namespace {

Tensor copy_of(const float* values, Shape shape) {
  Tensor copy(shape);
  std::copy_n(values, shape.count(), copy.f32());
  return copy;
}

}  // namespace

OnednnFrozenConv::OnednnFrozenConv(OnednnBackend& backend, const ConvGeometry& g, Shape w_shape,
                                   const float* w, const ConvEpilogue& epilogue)
    : backend_(backend),
      asked_(g),
      inputs_(w_shape.c * g.groups),
      bias_(copy_of(epilogue.bias, {.n = w_shape.n})) {
  const Shape x{.n = 1, .c = inputs_}, y{.n = 1, .c = w_shape.n};
  g_ = onednn::merged(g, x, y);
  const onednn::GroupBlocks blocks(g, g_, x, y);
  w_ = Tensor({.n = blocks.merged_count()});
  blocks.expand(w, w_.f32());
  if (epilogue.slope != nullptr) slope_ = copy_of(epilogue.slope, {.n = w_shape.n});
}

void OnednnFrozenConv::run(const View& x, const View& residual, const View& y) {
  check_convolution("frozen convolution", asked_, x, bias_.f32(), y);
  check_alike("frozen convolution", {y, residual});
  if (winograd_ == nullptr && variants_.empty() && onednn::has_winograd(asked_, x, y)) {
    winograd_ = std::make_unique<onednn::Winograd>();
    winograd_->set_weights(w_.f32(), y.shape.c, x.shape.c);
    w_ = Tensor();
    backend_.implementations_.insert("conv_frozen winograd");
  }
  if (winograd_ != nullptr) {
    FR_CHECK(onednn::has_winograd(asked_, x, y),
             "frozen convolution: {} -> {} after larger or blocked planes", x.shape.text(), y.shape.text());
    return winograd_->run(x, y, {bias_.f32(), slope_.f32()}, residual);
  }
  const bool added = !is_empty(residual) && slope_.f32() == nullptr;
  Variant& v = variant(x, added, y);
  if (added) v.residual.set_data_handle(residual.data);
  backend_.execute(v.prepared, x.data, v.weights->get_data_handle(), y.data);
  if (slope_.f32() != nullptr) finish(residual, y);
}

OnednnFrozenConv::Variant& OnednnFrozenConv::variant(const View& x, bool added, const View& y) {
  const Key key{x.shape.n, x.shape.h, x.shape.w, x.layout.block, y.layout.block, added, thread_count()};
  const auto found = variants_.find(key);
  if (found != variants_.end()) return found->second;
  Variant& made = variants_.emplace(key, make(x, added, y)).first->second;
  backend_.implementations_.insert("conv_frozen " + made.prepared.implementation);
  return made;
}

OnednnFrozenConv::Variant OnednnFrozenConv::make(const View& x, bool added, const View& y) {
  const dnnl::engine& engine = backend_.engine_;
  const dnnl::memory::desc bias({y.shape.c}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::a);
  dnnl::primitive_attr attributes = onednn::strict_attributes();
  if (added) {
    dnnl::post_ops operations;
    operations.append_binary(dnnl::algorithm::binary_add, format_of(y.shape, y.layout));
    attributes.set_post_ops(operations);
  }
  const auto descriptor = onednn::best(g_, x, y, [&](const ConvolutionFormats& f) {
    return onednn::inference_desc(f, bias, attributes, engine);
  });
  Variant made;
  onednn::Prepared& p = made.prepared;
  p.primitive = dnnl::convolution_forward(descriptor);
  p.implementation = descriptor.impl_info_str();
  made.weights = &packed(descriptor.weights_desc());
  p.set_slot(0, DNNL_ARG_SRC, format_of(x.shape, x.layout), descriptor.src_desc(), false, engine);
  p.set_slot(1, DNNL_ARG_WEIGHTS, descriptor.weights_desc(), descriptor.weights_desc(), false, engine);
  p.set_slot(2, DNNL_ARG_DST, format_of(y.shape, y.layout), descriptor.dst_desc(), false, engine);
  p.finish(descriptor.scratchpad_desc(), engine);
  p.arguments[DNNL_ARG_BIAS] = dnnl::memory(bias, engine, bias_.f32());
  if (added) {
    made.residual = dnnl::memory(format_of(y.shape, y.layout), engine, nullptr);
    p.arguments[DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1] = made.residual;
  }
  return made;
}

const dnnl::memory& OnednnFrozenConv::packed(const dnnl::memory::desc& format) {
  for (const auto& memory : packed_)
    if (memory->get_desc() == format) return *memory;
  dnnl::memory plain;
  if (packed_.empty()) {
    const Shape x{.n = 1, .c = inputs_}, y{.n = 1, .c = bias_.shape().n};
    plain = dnnl::memory(onednn::weight_format(g_, x, y, false), backend_.engine_, w_.f32());
  }
  dnnl::memory& from = packed_.empty() ? plain : *packed_.front();
  auto to = std::make_unique<dnnl::memory>(format, backend_.engine_);
  dnnl::reorder(from, *to).execute(backend_.stream_, from, *to);
  backend_.stream_.wait();
  packed_.push_back(std::move(to));
  w_ = Tensor();
  return *packed_.back();
}

// PReLU, then the residual, in place.
void OnednnFrozenConv::finish(const View& residual, const View& y) const {
  for_strips(y, [&](auto walk, const Strip& s) {
    using W = decltype(walk);
    const auto a = W::parameter(slope_.f32(), s.channel);
    for (int64_t i = 0, at = s.offset; i < s.steps; ++i, at += s.stride) {
      const auto v = W::load(y.f32() + at);
      auto z = v > 0 ? v : v * a;
      if (!is_empty(residual)) z += W::load(residual.f32() + at);
      W::store(y.f32() + at, z);
    }
  });
}

std::unique_ptr<FrozenConv> OnednnBackend::freeze(const ConvGeometry& g, Shape w_shape, const float* w,
                                                  const ConvEpilogue& epilogue) {
  return std::make_unique<OnednnFrozenConv>(*this, g, w_shape, w, epilogue);
}

}  // namespace fr
