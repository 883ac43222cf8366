#include "nn/frozen.h"

#include <cmath>
#include <utility>
#include <vector>

namespace fr {

namespace {

// y = scale x + shift, per channel (c).
struct Affine {
  std::vector<double> scale, shift;
};

// The identity for node -1.
Affine affine_of(const Graph& graph, const FrozenLayers::ParameterOf& parameter, Value batch_norm,
                 int64_t channels) {
  const auto count = static_cast<size_t>(channels);
  Affine a{std::vector<double>(count, 1), std::vector<double>(count, 0)};
  if (batch_norm < 0) return a;
  const float *gamma = parameter(batch_norm, 0), *beta = parameter(batch_norm, 1);
  const float *mean = parameter(batch_norm, 2), *variance = parameter(batch_norm, 3);
  for (size_t c = 0; c < count; ++c) {
    a.scale[c] = double{gamma[c]} / std::sqrt(double{variance[c]} + double{graph.node(batch_norm).eps});
    a.shift[c] = double{beta[c]} - double{mean[c]} * a.scale[c];
  }
  return a;
}

}  // namespace

FrozenLayers::FrozenLayers(const Graph& graph, Backend& backend, ParameterOf parameter)
    : graph_(graph), backend_(backend), parameter_(std::move(parameter)) {}

void FrozenLayers::run(const Step& step, const View& x, const View& residual, const View& y) {
  if (step.kind == Step::kFrozenConv) return convolution(step).run(x, residual, y);
  const Linear& layer = linear(step, x);
  backend_.linear_forward(x, layer.weight.f32(), layer.bias.f32(), y);
}

FrozenConv& FrozenLayers::convolution(const Step& step) {
  std::unique_ptr<FrozenConv>& made = convolutions_[step.node];
  if (made != nullptr) return *made;
  const Node& node = graph_.node(step.node);
  const std::vector<int64_t>& s = graph_.parameters()[static_cast<size_t>(node.parameter)].shape;
  const Shape shape{s[0], s[1], s[2], s[3]};
  const Affine behind = affine_of(graph_, parameter_, step.norm, shape.n);
  const float* const w = parameter_(step.node, 0);
  const int64_t row = shape.count() / shape.n;
  std::vector<float> weight(static_cast<size_t>(shape.count())), bias(static_cast<size_t>(shape.n));
  for (int64_t k = 0; k < shape.n; ++k) {
    const auto channel = static_cast<size_t>(k);
    for (int64_t i = k * row; i < (k + 1) * row; ++i)
      weight[static_cast<size_t>(i)] = static_cast<float>(double{w[i]} * behind.scale[channel]);
    bias[channel] = static_cast<float>(behind.shift[channel]);
  }
  const float* const slope = step.prelu >= 0 ? parameter_(step.prelu, 0) : nullptr;
  made = backend_.freeze(node.conv, shape, weight.data(), {.bias = bias.data(), .slope = slope});
  return *made;
}

// behind(W before(x) + b) as one linear layer.
const FrozenLayers::Linear& FrozenLayers::linear(const Step& step, const View& x) {
  const auto [it, is_new] = linears_.try_emplace(step.node);
  Linear& made = it->second;
  if (!is_new) return made;
  const Node& node = graph_.node(step.node);
  const int64_t k = node.shape.c, m = x.count() / x.shape.n, plane = x.shape.plane();
  const Affine before = affine_of(graph_, parameter_, step.norm_before, x.shape.c);
  const Affine behind = affine_of(graph_, parameter_, step.norm, k);
  const float* const w = parameter_(step.node, 0);
  const Tensor weight({k, m}), bias({.n = k});
  for (int64_t j = 0; j < k; ++j) {
    const auto output = static_cast<size_t>(j);
    double sum = node.has_bias ? double{parameter_(step.node, 1)[j]} : 0;
    for (int64_t i = 0; i < m; ++i) {
      const auto channel = static_cast<size_t>(i / plane);
      const double value = double{w[j * m + i]};
      sum += value * before.shift[channel];
      weight.f32()[j * m + i] = static_cast<float>(behind.scale[output] * value * before.scale[channel]);
    }
    bias.f32()[j] = static_cast<float>(behind.scale[output] * sum + behind.shift[output]);
  }
  made = {Tensor(weight.shape(), {}, DType::kF32, backend_.device()),
          Tensor(bias.shape(), {}, DType::kF32, backend_.device())};
  copy(weight, made.weight);
  copy(bias, made.bias);
  return made;
}

}  // namespace fr
