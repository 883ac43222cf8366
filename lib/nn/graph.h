// The tape: nodes in topological order, appended by architecture builders. Data only: no memory, no backend.
//
//   Graph g;
//   Value x = g.input({.n = 1, .c = 3, .h = 112, .w = 112});
//   x = g.conv(x, "conv1", {.channels = 64});
//   x = g.prelu(g.batch_norm(x, "bn1"), "prelu");
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "core/tensor.h"

namespace fr {

// A value is named by the index of the node that makes it.
using Value = int64_t;

// How Network::initialise fills a parameter.
struct Init {
  enum Kind { kConstant, kNormal, kUniform } kind = kConstant;
  double value = 0;  // the constant, the standard deviation, or the half-width of the range
};

// Parameters appear in the order of arcface_torch's state_dict (without its num_batches_tracked).
struct ParameterSpec {
  std::string name;  // "layer1.0.bn1.weight"
  std::vector<int64_t> shape;
  Init init;
  enum Kind { kTrained, kFrozen, kStatistic } kind = kTrained;  // a statistic is a buffer, not a parameter
  int64_t count() const;
};

enum class Op { kInput, kConv, kBatchNorm, kPrelu, kAdd, kDropout, kLinear };
const char* name_of(Op op);  // "conv", "batch_norm", …

struct Node {
  Op op = Op::kInput;
  std::string name = {};            // "layer1.0.conv1"; the name of what it computes, unique
  std::vector<Value> sources = {};  // earlier nodes
  Shape shape = {};                 // of the value for one image (n = 1)
  // The node's parameters are Graph::parameters()[parameter …]: conv {weight}; batch_norm {weight, bias,
  // running_mean, running_var}; prelu {weight}; linear {weight, bias if has_bias}.
  int64_t parameter = -1;
  ConvGeometry conv = {};  // conv
  float eps = 1e-5f;       // batch_norm
  float momentum = 0.1f;   // batch_norm: running <- (1 - momentum) running + momentum batch
  float rate = 0;          // dropout: probability of a zero
  bool has_bias = true;    // linear
};

struct ConvOptions {
  int64_t channels = 0;  // of the output
  int64_t kernel = 3, stride = 1, pad = 1, groups = 1;
  Init init = {Init::kNormal, 0.1};
};

struct LinearOptions {
  int64_t features = 0;  // of the output
  bool bias = true;
  std::optional<Init> init = {};  // of the weight; none: torch's Linear, U(+-1/sqrt(fan_in)), as the bias
};

class Graph {
 public:
  // Builders append a node and return its value; shapes that do not fit are fr::Error naming the node.
  Value input(Shape image);                                                       // n = 1
  Value conv(Value x, const std::string& name, const ConvOptions& options);       // no bias
  Value batch_norm(Value x, const std::string& name, bool frozen_gamma = false);  // per channel, 2d and 1d
  Value prelu(Value x, const std::string& name);                                  // a slope per channel
  Value add(Value a, Value b, const std::string& name);
  Value dropout(Value x, const std::string& name, float rate);
  // x is flattened in (c, h, w) order.
  Value linear(Value x, const std::string& name, const LinearOptions& options);

  const std::vector<Node>& nodes() const { return nodes_; }
  const Node& node(Value v) const { return nodes_[static_cast<size_t>(v)]; }
  const std::vector<ParameterSpec>& parameters() const { return parameters_; }
  Value find(std::string_view name) const;  // throws fr::Error when no node is called so
  Value output() const { return static_cast<Value>(nodes_.size()) - 1; }  // the last node

  int64_t parameter_count() const;  // as torch counts: frozen ones included, running statistics not
  int64_t multiply_adds() const;    // of convolutions and linear layers, for one image

 private:
  Value append(Node node);
  int64_t parameter(std::string name, std::vector<int64_t> shape, Init init,
                    ParameterSpec::Kind kind = ParameterSpec::kTrained);
  std::vector<Node> nodes_;
  std::vector<ParameterSpec> parameters_;
};

}  // namespace fr
