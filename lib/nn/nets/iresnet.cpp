// IResNet, arcface_torch's form (spec 02 §2.1): batch norm before the first convolution of a block, the
// stride on the second, nothing after the addition. Names are those of its state_dict.
#include <fmt/core.h>

#include <array>

#include "core/registry.h"
#include "nn/graph.h"
#include "nn/network.h"

namespace fr {

namespace {

struct IresnetForm {
  std::array<int64_t, 4> channels{64, 128, 256, 512};  // of each stage; the stem has the first
  std::array<int64_t, 4> blocks;
  int64_t stem_stride = 1;
};

Value block(Graph& g, Value x, const std::string& name, int64_t channels, int64_t stride) {
  Value y = g.batch_norm(x, name + ".bn1");
  y = g.conv(y, name + ".conv1", {.channels = channels});
  y = g.batch_norm(y, name + ".bn2");
  y = g.prelu(y, name + ".prelu");
  y = g.conv(y, name + ".conv2", {.channels = channels, .stride = stride});
  y = g.batch_norm(y, name + ".bn3");
  Value shortcut = x;
  if (stride != 1 || g.node(x).shape.c != channels) {
    shortcut =
        g.conv(x, name + ".downsample.0", {.channels = channels, .kernel = 1, .stride = stride, .pad = 0});
    shortcut = g.batch_norm(shortcut, name + ".downsample.1");
  }
  return g.add(y, shortcut, name);
}

Graph iresnet(const IresnetForm& form, const NetworkOptions& options) {
  Graph g;
  Value x = g.input({1, 3, 112, 112});
  x = g.conv(x, "conv1", {.channels = form.channels[0], .stride = form.stem_stride});
  x = g.batch_norm(x, "bn1");
  x = g.prelu(x, "prelu");
  for (size_t stage = 0; stage < 4; ++stage) {
    for (int64_t b = 0; b < form.blocks[stage]; ++b) {
      x = block(g, x, fmt::format("layer{}.{}", stage + 1, b), form.channels[stage], b == 0 ? 2 : 1);
    }
  }
  x = g.batch_norm(x, "bn2");
  x = g.dropout(x, "dropout", options.dropout);
  x = g.linear(x, "fc", {.features = options.embedding_size});
  g.batch_norm(x, "features", /*frozen_gamma=*/true);
  return g;
}

template <int64_t a, int64_t b, int64_t c, int64_t d>
Graph standard(const NetworkOptions& options) {
  return iresnet({.blocks = {a, b, c, d}}, options);
}

Graph tiny(const NetworkOptions& options) {
  return iresnet({.channels = {16, 32, 64, 128}, .blocks = {1, 1, 1, 1}}, options);
}

// iresnet_tiny at a quarter of the positions: trains on a processor within minutes.
Graph mini(const NetworkOptions& options) {
  return iresnet({.channels = {16, 32, 64, 128}, .blocks = {1, 1, 1, 1}, .stem_stride = 2}, options);
}

const Registration<NetworkKind> r18("iresnet18", standard<2, 2, 2, 2>);
const Registration<NetworkKind> r34("iresnet34", standard<3, 4, 6, 3>);
const Registration<NetworkKind> r50("iresnet50", standard<3, 4, 14, 3>);
const Registration<NetworkKind> r100("iresnet100", standard<3, 13, 30, 3>);
const Registration<NetworkKind> r200("iresnet200", standard<6, 26, 60, 6>);
const Registration<NetworkKind> r_tiny("iresnet_tiny", tiny);
const Registration<NetworkKind> r_mini("iresnet_mini", mini);

}  // namespace

}  // namespace fr
