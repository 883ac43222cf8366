#include "backend/cases.h"

#include <fmt/core.h>

#include "backend/checks.h"

namespace fr {
namespace {

using Views = std::span<const View>;

Shape vector_shape(int64_t count) { return {1, count, 1, 1}; }
Operand per_channel(std::string name, Shape x, float low, float high, Role role = Role::kInput) {
  return {std::move(name), vector_shape(x.c), {}, role, low, high};
}

Operand activation(std::string name, Shape shape, Layout layout, Role role = Role::kInput, float low = -1,
                   float high = 1) {
  return {std::move(name), shape, layout, role, low, high, true};
}

std::string describe(Shape x, Layout layout) { return fmt::format("{} block {}", x.text(), layout.block); }

}  // namespace

DType dtype_of(const Operand& operand, const Backend& backend) {
  return operand.activation ? backend.activations() : DType::kF32;
}

DifferentiableCase convolution_case(const ConvolutionCase& c) {
  const ConvGeometry g = c.geometry;
  const Shape y{c.x.n, c.outputs, conv_output_size(g, c.x.h), conv_output_size(g, c.x.w)};
  const Shape w{c.outputs, c.x.c / g.groups, g.kernel, g.kernel};
  const std::string text =
      fmt::format("{} -> {} kernel {} stride {} pad {} groups {} blocks {} {}", c.x.text(), y.text(),
                  g.kernel, g.stride, g.pad, g.groups, c.x_layout.block, c.y_layout.block);
  const double flops = 2.0 * static_cast<double>(y.count()) * static_cast<double>(w.c * w.plane());
  const Operand in = activation("x", c.x, c.x_layout), gradient = activation("dy", y, c.y_layout);
  const Operand weight{"w", w};
  Case forward{
      "conv_forward " + text, {in, weight, activation("y", y, c.y_layout, Role::kOverwritten)}, {}, flops};
  forward.run = [g](Backend& b, Views v) { b.conv_forward(g, v[0], v[1].f32(), v[2]); };
  Case data{"conv_backward_data " + text,
            {gradient, weight, activation("dx", c.x, c.x_layout, Role::kOverwritten)},
            {},
            flops};
  data.run = [g](Backend& b, Views v) { b.conv_backward_data(g, v[0], v[1].f32(), v[2]); };
  Case weights{"conv_backward_weights " + text, {in, gradient, {"dw", w, {}, Role::kAdded}}, {}, flops};
  weights.run = [g](Backend& b, Views v) { b.conv_backward_weights(g, v[0], v[1], v[2].f32()); };
  return {forward, {data, weights}};
}

Case frozen_conv_case(const ConvolutionCase& c, bool slope, bool residual) {
  Case result = convolution_case(c).forward;
  result.name.replace(0, sizeof "conv_forward" - 1, "conv_frozen");
  result.name += std::string(slope ? " prelu" : "") + (residual ? " add" : "");
  const Shape w = result.operands[1].shape, y = result.operands[2].shape;
  result.operands.push_back(per_channel("bias", y, -1, 1));
  if (slope) result.operands.push_back(per_channel("slope", y, -0.2f, 0.4f));
  if (residual) result.operands.push_back(activation("residual", y, c.y_layout));
  result.run = [g = c.geometry, w, slope, residual](Backend& b, Views v) {
    const OnHost weight(v[1]), bias(v[3]), bend(slope ? v[4] : v[3]);
    const auto frozen =
        b.freeze(g, w, weight.view().f32(), {bias.view().f32(), slope ? bend.view().f32() : nullptr});
    frozen->run(v[0], residual ? v.back() : View{}, v[2]);
  };
  return result;
}

// Operands in the order x gamma beta mean variance [residual] [slope] …; `with` finds the optional ones.
DifferentiableCase batch_norm_case(const BatchNormCase& c) {
  const std::string text = describe(c.x, c.layout) + (c.slope ? " prelu" : "") + (c.residual ? " add" : "");
  const bool slope = c.slope, residual = c.residual;
  const Operand x = activation("x", c.x, c.layout, Role::kInput, c.low, c.high);
  const Operand gamma = per_channel("gamma", c.x, 0.5f, 1.5f), beta = per_channel("beta", c.x, -1, 1);
  const Operand bend = per_channel("slope", c.x, -0.2f, 0.4f);
  const double count = static_cast<double>(c.x.count());

  Case forward{"batch_norm_train " + text, {x, gamma, beta}, {}, 8 * count};
  forward.operands.push_back(activation("y", c.x, c.layout, Role::kOverwritten));
  forward.operands.push_back(per_channel("mean", c.x, 0, 0, Role::kOverwritten));
  forward.operands.push_back(per_channel("variance", c.x, 0, 0, Role::kOverwritten));
  if (slope) forward.operands.push_back(bend);
  if (residual) forward.operands.push_back(activation("residual", c.x, c.layout));
  forward.run = [slope, residual](Backend& b, Views v) {
    const BatchNorm bn{v[1].f32(), v[2].f32(), slope ? v[6].f32() : nullptr};
    b.batch_norm_train(bn, v[0], residual ? v.back() : View{}, v[3], v[4].f32(), v[5].f32());
  };

  Case backward{"batch_norm_backward " + text, {x, gamma, beta}, {}, 12 * count};
  backward.operands.push_back(activation("dy", c.x, c.layout));
  backward.operands.push_back(per_channel("mean", c.x, (c.low + c.high) / 2, (c.low + c.high) / 2 + 0.1f));
  backward.operands.push_back(per_channel("variance", c.x, 0.3f, 1.5f));
  backward.operands.push_back(activation("dx", c.x, c.layout, Role::kOverwritten));
  backward.operands.push_back(per_channel("dgamma", c.x, -1, 1, Role::kAdded));
  backward.operands.push_back(per_channel("dbeta", c.x, -1, 1, Role::kAdded));
  if (slope) backward.operands.push_back(bend);
  if (slope) backward.operands.push_back(per_channel("dslope", c.x, -1, 1, Role::kAdded));
  backward.run = [slope](Backend& b, Views v) {
    const BatchNorm bn{v[1].f32(), v[2].f32(), slope ? v[9].f32() : nullptr};
    b.batch_norm_backward(bn, v[0], v[3], v[4].f32(), v[5].f32(), v[6],
                          {v[7].f32(), v[8].f32(), slope ? v[10].f32() : nullptr});
  };
  return {forward, {backward}};
}

Case batch_norm_eval_case(const BatchNormCase& c) {
  Case result = batch_norm_case(c).forward;
  result.name.replace(0, sizeof "batch_norm_train" - 1, "batch_norm_eval");
  result.operands[4] = per_channel("mean", c.x, c.low, c.high);
  result.operands[5] = per_channel("variance", c.x, 0.3f, 1.5f);
  result.run = [slope = c.slope, residual = c.residual](Backend& b, Views v) {
    const BatchNorm bn{v[1].f32(), v[2].f32(), slope ? v[6].f32() : nullptr};
    b.batch_norm_eval(bn, v[0], residual ? v.back() : View{}, v[3], v[4].f32(), v[5].f32());
  };
  return result;
}

DifferentiableCase prelu_case(Shape x, Layout layout) {
  const Operand in = activation("x", x, layout), slope = per_channel("slope", x, -0.2f, 0.4f);
  const double count = static_cast<double>(x.count());
  Case forward{"prelu_forward " + describe(x, layout),
               {in, slope, activation("y", x, layout, Role::kOverwritten)},
               {},
               count};
  forward.run = [](Backend& b, Views v) { b.prelu_forward(v[0], v[1].f32(), v[2]); };
  Case backward{
      "prelu_backward " + describe(x, layout), {in, slope, activation("dy", x, layout)}, {}, 3 * count};
  backward.operands.push_back(activation("dx", x, layout, Role::kOverwritten));
  backward.operands.push_back(per_channel("dslope", x, -1, 1, Role::kAdded));
  backward.run = [](Backend& b, Views v) { b.prelu_backward(v[0], v[1].f32(), v[2], v[3], v[4].f32()); };
  return {forward, {backward}};
}

DifferentiableCase linear_case(Shape x, Layout layout, int64_t outputs, bool bias) {
  const int64_t m = x.count() / x.n;
  const std::string text = fmt::format("{} -> {}{}", describe(x, layout), outputs, bias ? " bias" : "");
  const double flops = 2.0 * static_cast<double>(x.count() * outputs);
  const Shape y{x.n, outputs, 1, 1};
  const Operand in = activation("x", x, layout), weight{"w", {outputs, m, 1, 1}}, gradient{"dy", y};
  Case forward{"linear_forward " + text, {in, weight, {"y", y, {}, Role::kOverwritten}}, {}, flops};
  Case backward{"linear_backward " + text,
                {in,
                 weight,
                 gradient,
                 activation("dx", x, layout, Role::kOverwritten),
                 {"dw", {outputs, m, 1, 1}, {}, Role::kAdded}},
                {},
                2 * flops};
  if (bias) {
    forward.operands.push_back({"bias", vector_shape(outputs)});
    backward.operands.push_back({"dbias", vector_shape(outputs), {}, Role::kAdded});
  }
  forward.run = [bias](Backend& b, Views v) {
    b.linear_forward(v[0], v[1].f32(), bias ? v[3].f32() : nullptr, v[2]);
  };
  backward.run = [bias](Backend& b, Views v) {
    b.linear_backward(v[0], v[1].f32(), v[2], v[3], v[4].f32(), bias ? v[5].f32() : nullptr);
  };
  return {forward, {backward}};
}

Case gemm_case(const Backend::Gemm& wanted) {
  Backend::Gemm g = wanted;
  const Shape a = g.transpose_a ? Shape{g.k, g.m} : Shape{g.m, g.k};
  const Shape b = g.transpose_b ? Shape{g.n, g.k} : Shape{g.k, g.n};
  if (g.lda == 0) g.lda = a.c;
  if (g.ldb == 0) g.ldb = b.c;
  if (g.ldc == 0) g.ldc = g.n;
  Case result{fmt::format("gemm {}{} {} x {} x {} alpha {} beta {} ld {} {} {}", g.transpose_a ? 't' : 'n',
                          g.transpose_b ? 't' : 'n', g.m, g.n, g.k, g.alpha, g.beta, g.lda, g.ldb, g.ldc),
              {{"a", {a.n, g.lda, 1, 1}}, {"b", {b.n, g.ldb, 1, 1}}},
              {},
              2.0 * static_cast<double>(g.m * g.n * g.k)};
  // With a leading dimension above n or beta, c keeps or scales what it held: the harness fills it.
  const bool overwritten = g.beta == 0 && g.ldc == g.n;
  result.operands.push_back({"c", {g.m, g.ldc, 1, 1}, {}, overwritten ? Role::kOverwritten : Role::kAdded});
  result.run = [g](Backend& backend, Views v) { backend.gemm(g, v[0].f32(), v[1].f32(), v[2].f32()); };
  return result;
}

Case add_case(Shape x, Layout layout) {
  Case result{"add " + describe(x, layout),
              {activation("a", x, layout), activation("b", x, layout),
               activation("y", x, layout, Role::kOverwritten)},
              {},
              static_cast<double>(x.count())};
  result.run = [](Backend& b, Views v) { b.add(v[0], v[1], v[2]); };
  return result;
}

Case accumulate_case(Shape x, Layout layout) {
  Case result{"accumulate " + describe(x, layout),
              {activation("x", x, layout), activation("y", x, layout, Role::kAdded)},
              {},
              static_cast<double>(x.count())};
  result.run = [](Backend& b, Views v) { b.accumulate(v[0], v[1]); };
  return result;
}

Case reorder_case(Shape x, Layout from, Layout to) {
  Case result{fmt::format("reorder {} blocks {} {}", x.text(), from.block, to.block),
              {activation("src", x, from), activation("dst", x, to, Role::kOverwritten)},
              {},
              0};
  result.run = [](Backend& b, Views v) { b.reorder(v[0], v[1]); };
  return result;
}

}  // namespace fr
