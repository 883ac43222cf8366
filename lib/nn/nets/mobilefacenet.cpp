// MobileFaceNet, arcface_torch's form "mbf": blocks (1, 4, 6, 2), widths times 2 (spec 02 §2.3). Names are
// those of its state_dict.
#include <fmt/core.h>

#include <cmath>

#include "core/registry.h"
#include "nn/graph.h"
#include "nn/network.h"

namespace fr {

namespace {

// Kaiming normal by fan out, with relu's gain.
Init kaiming(int64_t fan_out) { return {Init::kNormal, std::sqrt(2 / static_cast<double>(fan_out))}; }

// Convolution and batch norm.
Value linear_block(Graph& g, Value x, const std::string& name, ConvOptions o) {
  o.init = kaiming(o.channels * o.kernel * o.kernel);
  return g.batch_norm(g.conv(x, name + ".layers.0", o), name + ".layers.1");
}

// Convolution, batch norm and PReLU.
Value conv_block(Graph& g, Value x, const std::string& name, const ConvOptions& o) {
  return g.prelu(linear_block(g, x, name, o), name + ".layers.2");
}

// 1 x 1 to `inner` channels, 3 x 3 depthwise, 1 x 1 to `outer` channels without activation.
Value depthwise(Graph& g, Value x, const std::string& name, int64_t inner, int64_t outer, int64_t stride) {
  x = conv_block(g, x, name + ".layers.0", {.channels = inner, .kernel = 1, .pad = 0});
  x = conv_block(g, x, name + ".layers.1", {.channels = inner, .stride = stride, .groups = inner});
  return linear_block(g, x, name + ".layers.2", {.channels = outer, .kernel = 1, .pad = 0});
}

Value residual(Graph& g, Value x, const std::string& name, int64_t blocks) {
  const int64_t channels = g.node(x).shape.c;
  for (int64_t b = 0; b < blocks; ++b) {
    const std::string block = fmt::format("{}.layers.{}", name, b);
    x = g.add(x, depthwise(g, x, block, channels, channels, 1), block);
  }
  return x;
}

Graph mobilefacenet(const NetworkOptions& options) {
  Graph g;
  Value x = g.input({1, 3, 112, 112});
  x = conv_block(g, x, "layers.0", {.channels = 128, .stride = 2});
  x = conv_block(g, x, "layers.1", {.channels = 128, .groups = 64});  // two channels a group
  x = depthwise(g, x, "layers.2", 128, 128, 2);
  x = residual(g, x, "layers.3", 4);
  x = depthwise(g, x, "layers.4", 256, 256, 2);
  x = residual(g, x, "layers.5", 6);
  x = depthwise(g, x, "layers.6", 512, 256, 2);
  x = residual(g, x, "layers.7", 2);
  x = conv_block(g, x, "conv_sep", {.channels = 512, .kernel = 1, .pad = 0});
  x = linear_block(g, x, "features.layers.0", {.channels = 512, .kernel = 7, .pad = 0, .groups = 512});
  x = g.dropout(x, "dropout", options.dropout);
  const int64_t d = options.embedding_size;
  x = g.linear(x, "features.layers.2", {.features = d, .bias = false, .init = kaiming(d)});
  g.batch_norm(x, "features.layers.3");
  return g;
}

const Registration<NetworkKind> mbf("mobilefacenet", mobilefacenet);

}  // namespace

}  // namespace fr
