// The one place that knows how oneDNN 2.x and 3.x differ: 3.x makes primitive descriptors without operation
// descriptors. All make an empty descriptor where no implementation takes the formats.
#pragma once
#include <oneapi/dnnl/dnnl.hpp>

namespace fr::onednn {

// Formats and geometry of a convolution; src (n, c, h, w), weights ([g,] k, c/g, kernel, kernel), dst (n, k,
// h', w').
struct ConvolutionFormats {
  dnnl::memory::desc src, weights, dst;
  dnnl::memory::dims strides, padding;  // (2) each
};

using Forward = dnnl::convolution_forward::primitive_desc;
using BackwardData = dnnl::convolution_backward_data::primitive_desc;
using BackwardWeights = dnnl::convolution_backward_weights::primitive_desc;

#if DNNL_VERSION_MAJOR >= 3
inline Forward inference_desc(const ConvolutionFormats& f, const dnnl::memory::desc& bias,
                              const dnnl::primitive_attr& attributes, const dnnl::engine& engine) {
  return {engine,
          dnnl::prop_kind::forward_inference,
          dnnl::algorithm::convolution_direct,
          f.src,
          f.weights,
          bias,
          f.dst,
          f.strides,
          f.padding,
          f.padding,
          attributes,
          true};
}
inline Forward forward_desc(const ConvolutionFormats& f, const dnnl::primitive_attr& attributes,
                            const dnnl::engine& engine) {
  return {engine,
          dnnl::prop_kind::forward_training,
          dnnl::algorithm::convolution_direct,
          f.src,
          f.weights,
          f.dst,
          f.strides,
          f.padding,
          f.padding,
          attributes,
          true};
}
inline BackwardData backward_data_desc(const ConvolutionFormats& f, const Forward& hint,
                                       const dnnl::primitive_attr& attributes, const dnnl::engine& engine) {
  return {engine,    dnnl::algorithm::convolution_direct,
          f.src,     f.weights,
          f.dst,     f.strides,
          f.padding, f.padding,
          hint,      attributes,
          true};
}
inline BackwardWeights backward_weights_desc(const ConvolutionFormats& f, const Forward& hint,
                                             const dnnl::primitive_attr& attributes,
                                             const dnnl::engine& engine) {
  return {engine,    dnnl::algorithm::convolution_direct,
          f.src,     f.weights,
          f.dst,     f.strides,
          f.padding, f.padding,
          hint,      attributes,
          true};
}
#else
inline Forward inference_desc(const ConvolutionFormats& f, const dnnl::memory::desc& bias,
                              const dnnl::primitive_attr& attributes, const dnnl::engine& engine) {
  return {{dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, f.src, f.weights, bias,
           f.dst, f.strides, f.padding, f.padding},
          attributes,
          engine,
          true};
}
inline Forward forward_desc(const ConvolutionFormats& f, const dnnl::primitive_attr& attributes,
                            const dnnl::engine& engine) {
  return {{dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, f.src, f.weights, f.dst,
           f.strides, f.padding, f.padding},
          attributes,
          engine,
          true};
}
inline BackwardData backward_data_desc(const ConvolutionFormats& f, const Forward& hint,
                                       const dnnl::primitive_attr& attributes, const dnnl::engine& engine) {
  return {{dnnl::algorithm::convolution_direct, f.src, f.weights, f.dst, f.strides, f.padding, f.padding},
          attributes,
          engine,
          hint,
          true};
}
inline BackwardWeights backward_weights_desc(const ConvolutionFormats& f, const Forward& hint,
                                             const dnnl::primitive_attr& attributes,
                                             const dnnl::engine& engine) {
  return {{dnnl::algorithm::convolution_direct, f.src, f.weights, f.dst, f.strides, f.padding, f.padding},
          attributes,
          engine,
          hint,
          true};
}
#endif

}  // namespace fr::onednn
