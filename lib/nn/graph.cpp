#include "nn/graph.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/error.h"

namespace fr {

int64_t ParameterSpec::count() const {
  int64_t count = 1;
  for (int64_t extent : shape) count *= extent;
  return count;
}

const char* name_of(Op op) {
  switch (op) {
    case Op::kInput:
      return "input";
    case Op::kConv:
      return "conv";
    case Op::kBatchNorm:
      return "batch_norm";
    case Op::kPrelu:
      return "prelu";
    case Op::kAdd:
      return "add";
    case Op::kDropout:
      return "dropout";
    case Op::kLinear:
      return "linear";
  }
  return "?";
}

Value Graph::append(Node node) {
  FR_CHECK(std::ranges::find(nodes_, node.name, &Node::name) == nodes_.end(), "two nodes are named '{}'",
           node.name);
  for ([[maybe_unused]] Value source : node.sources) assert(source >= 0 && source <= output());
  nodes_.push_back(std::move(node));
  return output();
}

int64_t Graph::parameter(std::string name, std::vector<int64_t> shape, Init init, ParameterSpec::Kind kind) {
  parameters_.push_back({std::move(name), std::move(shape), init, kind});
  return static_cast<int64_t>(parameters_.size()) - 1;
}

Value Graph::input(Shape image) {
  FR_CHECK(image.n == 1 && nodes_.empty(), "a graph begins with one input of shape (1, c, h, w), not {}",
           image.text());
  return append({.op = Op::kInput, .name = "input", .shape = image});
}

Value Graph::conv(Value x, const std::string& name, const ConvOptions& o) {
  const Shape in = node(x).shape;
  FR_CHECK(o.channels > 0 && o.groups > 0 && in.c % o.groups == 0 && o.channels % o.groups == 0,
           "{}: {} -> {} channels in {} groups", name, in.c, o.channels, o.groups);
  const int64_t h = in.h + 2 * o.pad - o.kernel, w = in.w + 2 * o.pad - o.kernel;
  FR_CHECK(o.kernel > 0 && o.stride > 0 && o.pad >= 0 && h >= 0 && w >= 0,
           "{}: kernel {}, stride {}, pad {} on {}", name, o.kernel, o.stride, o.pad, in.text());
  return append(
      {.op = Op::kConv,
       .name = name,
       .sources = {x},
       .shape = {1, o.channels, h / o.stride + 1, w / o.stride + 1},
       .parameter = parameter(name + ".weight", {o.channels, in.c / o.groups, o.kernel, o.kernel}, o.init),
       .conv = {o.kernel, o.stride, o.pad, o.groups}});
}

Value Graph::batch_norm(Value x, const std::string& name, bool frozen_gamma) {
  const Shape shape = node(x).shape;
  const auto gamma = frozen_gamma ? ParameterSpec::kFrozen : ParameterSpec::kTrained;
  const int64_t first = parameter(name + ".weight", {shape.c}, {Init::kConstant, 1}, gamma);
  parameter(name + ".bias", {shape.c}, {Init::kConstant, 0});
  parameter(name + ".running_mean", {shape.c}, {Init::kConstant, 0}, ParameterSpec::kStatistic);
  parameter(name + ".running_var", {shape.c}, {Init::kConstant, 1}, ParameterSpec::kStatistic);
  return append({.op = Op::kBatchNorm, .name = name, .sources = {x}, .shape = shape, .parameter = first});
}

Value Graph::prelu(Value x, const std::string& name) {
  const Shape shape = node(x).shape;
  return append({.op = Op::kPrelu,
                 .name = name,
                 .sources = {x},
                 .shape = shape,
                 .parameter = parameter(name + ".weight", {shape.c}, {Init::kConstant, 0.25})});
}

Value Graph::add(Value a, Value b, const std::string& name) {
  const Shape shape = node(a).shape;
  FR_CHECK(shape == node(b).shape, "{}: {} + {}", name, shape.text(), node(b).shape.text());
  return append({.op = Op::kAdd, .name = name, .sources = {a, b}, .shape = shape});
}

Value Graph::dropout(Value x, const std::string& name, float rate) {
  FR_CHECK(rate >= 0 && rate < 1, "{}: dropout rate {} is not in [0, 1)", name, rate);
  return append({.op = Op::kDropout, .name = name, .sources = {x}, .shape = node(x).shape, .rate = rate});
}

Value Graph::linear(Value x, const std::string& name, const LinearOptions& o) {
  const int64_t features = node(x).shape.count();
  FR_CHECK(o.features > 0, "{}: {} outputs", name, o.features);
  const Init init = {Init::kUniform, 1 / std::sqrt(static_cast<double>(features))};
  const int64_t first = parameter(name + ".weight", {o.features, features}, o.init.value_or(init));
  if (o.bias) parameter(name + ".bias", {o.features}, init);
  return append({.op = Op::kLinear,
                 .name = name,
                 .sources = {x},
                 .shape = {1, o.features, 1, 1},
                 .parameter = first,
                 .has_bias = o.bias});
}

Value Graph::find(std::string_view name) const {
  const auto it = std::ranges::find(nodes_, name, &Node::name);
  FR_CHECK(it != nodes_.end(), "the network has no node named '{}'", name);
  return it - nodes_.begin();
}

int64_t Graph::parameter_count() const {
  int64_t count = 0;
  for (const ParameterSpec& p : parameters_) count += p.kind == ParameterSpec::kStatistic ? 0 : p.count();
  return count;
}

int64_t Graph::multiply_adds() const {
  int64_t sum = 0;
  for (const Node& n : nodes_) {
    if (n.op != Op::kConv && n.op != Op::kLinear) continue;
    const ParameterSpec& weight = parameters_[static_cast<size_t>(n.parameter)];
    sum += weight.count() * n.shape.plane();  // every weight is used once per output position
  }
  return sum;
}

}  // namespace fr
