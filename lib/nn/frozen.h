// Parameters that no longer change: each batch norm behind a convolution or a linear layer, and the one in
// front of a linear layer, is folded into its weights. One in front of a convolution is not: its shift does
// not reach the zeros of the padding.
#pragma once
#include <functional>
#include <map>
#include <memory>

#include "nn/graph.h"
#include "nn/plan.h"

namespace fr {

class FrozenLayers {
 public:
  // parameter(node, k): the k-th parameter of a node, see Node::parameter.
  using ParameterOf = std::function<const float*(Value node, int64_t k)>;
  FrozenLayers(const Graph& graph, Backend& backend, ParameterOf parameter);

  void run(const Step& step, const View& x, const View& residual, const View& y);

 private:
  struct Linear {
    Tensor weight, bias;  // (k, m), (k)
  };
  FrozenConv& convolution(const Step& step);
  const Linear& linear(const Step& step, const View& x);

  const Graph& graph_;
  Backend& backend_;
  ParameterOf parameter_;
  std::map<Value, std::unique_ptr<FrozenConv>> convolutions_;  // by node; made at their first use
  std::map<Value, Linear> linears_;
};

}  // namespace fr
