// The tables of cases.h.
#include "backend/cases.h"
#include "backend/checks.h"

namespace fr {

std::vector<DifferentiableCase> differentiable_cases() {
  std::vector<DifferentiableCase> result;
  const ConvolutionCase convolutions[] = {
      // Plain layout: ones, primes, stride 2, 1 x 1, 7 x 7 without padding.
      {{1, 1, 0, 1}, {1, 1, 1, 1}, 1},
      {{3, 1, 1, 1}, {1, 1, 1, 1}, 1},
      {{3, 1, 1, 1}, {2, 3, 7, 5}, 5},
      {{3, 2, 1, 1}, {3, 7, 11, 13}, 5},
      {{1, 2, 0, 1}, {2, 5, 7, 7}, 3},
      {{7, 1, 0, 1}, {2, 3, 7, 7}, 4},
      {{7, 2, 3, 1}, {1, 3, 23, 19}, 16},
      {{3, 2, 1, 1}, {1, 3, 112, 112}, 16},
      {{2, 2, 0, 1}, {2, 4, 6, 8}, 6},
      // Groups: depthwise, two channels a group, unequal in and out.
      {{3, 1, 1, 8}, {2, 8, 6, 6}, 8},
      {{3, 2, 1, 5}, {2, 5, 9, 9}, 5},
      {{3, 1, 1, 4}, {2, 8, 5, 7}, 8},
      {{3, 2, 1, 2}, {1, 6, 8, 8}, 4},
      {{7, 1, 0, 16}, {2, 16, 7, 7}, 16, {16}, {16}},
      {{3, 1, 1, 16}, {2, 32, 9, 9}, 32, {16}, {16}},
      {{3, 1, 1, 64}, {1, 128, 7, 7}, 128, {16}, {16}},
      {{3, 2, 1, 32}, {2, 32, 14, 14}, 32, {16}, {16}},
      {{3, 1, 1, 1}, {2, 16, 9, 7}, 16, {8}, {8}},
      {{3, 1, 1, 1}, {2, 16, 14, 14}, 32, {16}, {16}},
      {{3, 2, 1, 1}, {2, 32, 13, 13}, 16, {16}, {16}},
      {{1, 2, 0, 1}, {2, 16, 14, 14}, 32, {16}, {16}},
      {{3, 1, 1, 1}, {2, 3, 16, 16}, 16, {1}, {16}},
      {{3, 1, 1, 1}, {2, 16, 8, 8}, 24, {16}, {24}},
      {{3, 2, 1, 1}, {2, 12, 9, 9}, 20, {12}, {20}},
      {{3, 1, 1, 1}, {1, 16, 112, 112}, 16, {16}, {16}},
      {{3, 1, 1, 1}, {2, 64, 7, 7}, 128, {16}, {16}},
      {{7, 1, 0, 1}, {2, 16, 7, 7}, 8, {8}, {8}},
      // The weights' gradient in chunks: of images (32 of 7 x 7), of rows, with a stride that leaves a row
      // over.
      {{3, 1, 1, 1}, {37, 8, 7, 7}, 8, {8}, {8}},
      {{3, 1, 1, 1}, {1, 8, 112, 112}, 16, {8}, {8}},
      {{3, 2, 1, 1}, {3, 16, 11, 13}, 8, {8}, {8}},
      {{3, 2, 1, 1}, {1, 8, 112, 112}, 8, {8}, {8}},
      // By minimal filtering: planes that tiles of 2 x 2 fill and do not fill, channels in unequal number.
      {{3, 1, 1, 1}, {2, 32, 15, 17}, 48, {8}, {8}},
      {{3, 1, 1, 1}, {3, 64, 14, 14}, 32, {8}, {8}},
  };
  for (const ConvolutionCase& c : convolutions) result.push_back(convolution_case(c));

  const BatchNormCase batch_norms[] = {
      {{4, 1, 1, 1}},
      {{2, 3, 5, 7}},
      {{3, 7, 3, 1}, {}, true, false},
      {{5, 13, 1, 1}, {}, false, true},
      {{17, 32, 1, 1}},
      {{2, 16, 5, 5}, {16}},
      {{2, 16, 5, 5}, {8}, true, true},
      {{3, 32, 7, 3}, {16}, true, false},
      {{2, 12, 3, 5}, {12}, true, true},
      {{2, 64, 7, 7}, {64}, true, false},
      {{1, 16, 112, 112}, {16}, true, true},
      {{1, 5, 112, 112}, {}, true, true},
      {{4, 16, 9, 9}, {16}, true, true, 10, 11},
      {{4, 6, 9, 9}, {}, false, false, 10, 11},
  };
  for (const BatchNormCase& c : batch_norms) result.push_back(batch_norm_case(c));

  const std::pair<Shape, Layout> activations[] = {
      {{1, 1, 1, 1}, {}},    {{2, 3, 5, 7}, {}},    {{5, 11, 1, 1}, {}},   {{2, 16, 5, 5}, {8}},
      {{2, 32, 3, 7}, {16}}, {{3, 12, 5, 3}, {12}}, {{2, 64, 7, 7}, {64}}, {{1, 16, 112, 112}, {16}}};
  for (const auto& [shape, layout] : activations) result.push_back(prelu_case(shape, layout));

  result.push_back(linear_case({1, 1, 1, 1}, {}, 1, true));
  result.push_back(linear_case({3, 7, 1, 1}, {}, 5, true));
  result.push_back(linear_case({2, 5, 3, 3}, {}, 11, false));
  result.push_back(linear_case({4, 16, 7, 7}, {16}, 32, true));
  result.push_back(linear_case({3, 16, 2, 3}, {8}, 2, true));
  result.push_back(linear_case({2, 12, 2, 2}, {12}, 6, false));
  return result;
}

std::vector<Case> conformance_cases() {
  std::vector<Case> result;
  for (DifferentiableCase& c : differentiable_cases()) {
    result.push_back(std::move(c.forward));
    for (Case& backward : c.backward) result.push_back(std::move(backward));
  }
  const ConvolutionCase frozen[] = {{{1, 1, 0, 1}, {1, 1, 1, 1}, 1},
                                    {{3, 2, 1, 1}, {2, 3, 11, 7}, 5},
                                    {{3, 1, 1, 1}, {2, 16, 9, 7}, 24, {8}, {8}},
                                    {{3, 2, 1, 1}, {1, 32, 13, 13}, 16, {16}, {16}},
                                    {{3, 1, 1, 1}, {2, 32, 15, 14}, 48, {8}, {8}},
                                    {{3, 1, 1, 4}, {2, 8, 5, 5}, 8, {8}, {8}},
                                    {{3, 1, 1, 16}, {2, 16, 9, 9}, 16, {8}, {8}},
                                    {{7, 1, 0, 5}, {2, 5, 7, 7}, 5}};
  for (const ConvolutionCase& c : frozen) {
    for (const bool slope : {false, true}) {
      for (const bool residual : {false, true}) result.push_back(frozen_conv_case(c, slope, residual));
    }
  }
  const BatchNormCase evaluations[] = {{{1, 1, 1, 1}},
                                       {{2, 3, 5, 7}, {}, true, true},
                                       {{1, 13, 1, 1}},
                                       {{2, 32, 5, 5}, {16}, true, false},
                                       {{2, 16, 3, 3}, {8}, false, true},
                                       {{2, 12, 3, 5}, {12}, true, true}};
  for (const BatchNormCase& c : evaluations) result.push_back(batch_norm_eval_case(c));
  const int64_t blocks[] = {1, 8, 16, 48};
  for (const int64_t from : blocks) {
    result.push_back(add_case({2, 48, 5, 3}, {from}));
    result.push_back(accumulate_case({2, 48, 5, 3}, {from}));
    for (const int64_t to : blocks) result.push_back(reorder_case({2, 48, 5, 3}, {from}, {to}));
  }
  result.push_back(add_case({1, 1, 1, 1}, {}));
  result.push_back(reorder_case({3, 5, 7, 11}, {}, {5}));
  result.push_back(reorder_case({3, 5, 7, 11}, {5}, {}));
  for (const bool ta : {false, true}) {
    for (const bool tb : {false, true}) {
      result.push_back(gemm_case({ta, tb, 1, 1, 1, 1, 0, 0, 0, 0}));
      result.push_back(gemm_case({ta, tb, 7, 13, 29, 1, 0, 0, 0, 0}));
      result.push_back(gemm_case({ta, tb, 33, 17, 5, 0.5f, 1, 0, 0, 0}));
      result.push_back(gemm_case({ta, tb, 19, 23, 64, -2, 0.25f, 70, 71, 31}));
      result.push_back(gemm_case({ta, tb, 64, 128, 96, 1, 0, 0, 0, 0}));
    }
  }
  return result;
}

std::vector<Case> network_cases(const Backend& backend, int64_t batch) {
  struct Stage {
    int64_t in, out, size, stride;
  };
  const Stage stages[] = {{3, 16, 112, 1},   {16, 16, 112, 1},  {16, 16, 112, 2},  {32, 32, 56, 1},
                          {64, 64, 112, 1},  {64, 64, 112, 2},  {64, 64, 56, 1},   {64, 128, 56, 1},
                          {128, 128, 28, 1}, {256, 256, 14, 1}, {256, 512, 14, 2}, {512, 512, 7, 1}};
  std::vector<Case> result;
  const auto append = [&](DifferentiableCase c) {
    result.push_back(std::move(c.forward));
    for (Case& backward : c.backward) result.push_back(std::move(backward));
  };
  for (const Stage& s : stages) {
    const ConvGeometry g{3, s.stride, 1, 1};
    const Shape x{batch, s.in, s.size, s.size};
    const Shape y{batch, s.out, conv_output_size(g, s.size), conv_output_size(g, s.size)};
    const auto [x_layout, y_layout] = backend.preferred(g, x, y);
    append(convolution_case({g, x, s.out, x_layout, y_layout}));
  }
  for (const auto& [channels, size] :
       {std::pair<int64_t, int64_t>{16, 112}, {64, 112}, {128, 28}, {512, 7}}) {
    const Shape x{batch, channels, size, size};
    const Layout layout = backend.preferred({}, x, x).first;
    append(batch_norm_case({x, layout, false, false}));
    append(batch_norm_case({x, layout, true, true}));
    append(prelu_case(x, layout));
    result.push_back(add_case(x, layout));
  }
  const Shape last{batch, 512, 7, 7};
  append(linear_case(last, backend.preferred({}, last, last).first, 512, true));
  return result;
}

}  // namespace fr
