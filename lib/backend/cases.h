// The one table of operation cases: tests compare backends on it, check gradients on it, and fr-bench times
// it. A case names its operands, so one harness serves every operation: `x` of a forward case has the
// gradient `dx` in a backward one.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "backend/backend.h"

namespace fr {

enum class Role { kInput, kOverwritten, kAdded };  // what the operation does to an operand

struct Operand {
  std::string name;
  Shape shape;
  Layout layout = {};
  Role role = Role::kInput;
  float low = -1, high = 1;  // inputs are uniform in [low, high)
  bool activation = false;   // of the backend's activations() dtype; else f32
};

// The operand's dtype where `backend` runs the case.
DType dtype_of(const Operand& operand, const Backend& backend);

struct Case {
  std::string name;  // "conv_forward (2, 3, 7, 7) -> (2, 8, 4, 4) kernel 3 stride 2 blocks 1 8"
  std::vector<Operand> operands;
  std::function<void(Backend&, std::span<const View>)> run;  // views in the order of `operands`
  double flops = 0;                                          // multiplications and additions, 2 per pair
};

// An operation and its backward operations. An input of a backward case is the forward operand of that name,
// `dy` the gradient of `y`, and an output `dNAME` the gradient of the forward input NAME.
struct DifferentiableCase {
  Case forward;
  std::vector<Case> backward;
};

struct ConvolutionCase {
  ConvGeometry geometry;
  Shape x;
  int64_t outputs = 1;
  Layout x_layout = {}, y_layout = {};
};
DifferentiableCase convolution_case(const ConvolutionCase& c);

Case frozen_conv_case(const ConvolutionCase& c, bool slope, bool residual);

struct BatchNormCase {
  Shape x;
  Layout layout = {};
  bool slope = false, residual = false;
  float low = -1, high = 1;  // range of x
};
DifferentiableCase batch_norm_case(const BatchNormCase& c);
Case batch_norm_eval_case(const BatchNormCase& c);

DifferentiableCase prelu_case(Shape x, Layout layout);
DifferentiableCase linear_case(Shape x, Layout layout, int64_t outputs, bool bias);
Case gemm_case(const Backend::Gemm& g);  // leading dimensions 0: the smallest
Case add_case(Shape x, Layout layout);
Case accumulate_case(Shape x, Layout layout);
Case reorder_case(Shape x, Layout from, Layout to);

// Odd sizes for correctness: ones, primes, strides, groups, all layouts, a full 112 x 112 plane.
std::vector<DifferentiableCase> differentiable_cases();
// The forward and backward parts of the above and the operations without a backward part.
std::vector<Case> conformance_cases();
// What training iresnets consists of, `batch` images at a time, in the layouts `backend` prefers.
std::vector<Case> network_cases(const Backend& backend, int64_t batch);

}  // namespace fr
