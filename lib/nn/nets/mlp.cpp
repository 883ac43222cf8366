// The three-layer perceptron behind the iQIYI-VID entry (spec 6.7): two layers of linear, batch norm and
// PReLU, each added to its input where the widths agree; the third layer is the head of the loss. Reads
// vectors.
#include <fmt/core.h>

#include "core/registry.h"
#include "nn/graph.h"
#include "nn/network.h"

namespace fr {

namespace {

Graph mlp(const NetworkOptions& options) {
  Graph g;
  Value x = g.input({1, options.input_size, 1, 1});
  for (int layer = 1; layer <= 2; ++layer) {
    const Value input = x;
    const std::string name = fmt::format("layer{}", layer);
    if (layer == 2) x = g.dropout(x, "dropout", options.dropout);
    x = g.linear(x, name + ".linear", {.features = options.embedding_size});
    x = g.batch_norm(x, name + ".bn");
    x = g.prelu(x, name + ".prelu");
    if (g.node(x).shape == g.node(input).shape) x = g.add(x, input, name);
  }
  return g;
}

const Registration<NetworkKind> registration("mlp", mlp);

}  // namespace

}  // namespace fr
