// The planner turns a graph, a batch size and a mode into two lists of backend calls and one arena:
// - batch norm takes the PReLU and the addition behind it into one call; where parameters no longer change, a
//   convolution takes batch norm, PReLU and addition, a linear layer the batch norms on both sides
//   (nn/frozen.h);
// - a reorder stands where the layout or dtype a convolution prefers is not the one its source has;
// - every activation and gradient has an offset in the arena, shared by those that never live together;
// - a gradient that flows through an addition is the same memory as the gradient it came from.
#pragma once
#include <cstdint>
#include <vector>

#include "backend/backend.h"
#include "nn/graph.h"

namespace fr {

// An activation or a gradient. Times count calls, forward and backward together.
struct PlannedValue {
  Shape shape = {};
  Layout layout = {};
  DType dtype = DType::kF32;
  enum Place { kArena, kImages, kOutputGradient } place = kArena;  // the last two are the caller's memory
  int64_t first = 0, last = 0;                                     // written at, last read at
  int64_t offset = 0;                                              // in bytes into the arena
};

// One call forward. x, residual, y index NetworkPlan::values; -1: none.
struct Step {
  enum Kind { kConv, kBatchNorm, kPrelu, kAdd, kDropout, kLinear, kReorder, kFrozenConv, kFrozenLinear } kind;
  Value node = -1;         // parameters and attributes; none for kReorder
  Value prelu = -1;        // kBatchNorm, kFrozenConv: the node fused into it
  Value norm = -1;         // kFrozenConv, kFrozenLinear: the batch norm behind, folded into the weights
  Value norm_before = -1;  // kFrozenLinear: the one in front
  int64_t x = -1;
  int64_t residual = -1;  // kBatchNorm, kFrozenConv: added last; kAdd: the second term
  int64_t y = -1;
};

// The call backward of NetworkPlan::steps[step], then the sums of gradients that meet there. dy, dx index
// NetworkPlan::values.
struct BackwardStep {
  int64_t step = 0;
  int64_t dy = -1;
  int64_t dx = -1;  // -1: nobody wants it, or it is dy itself (additions)
  struct Sum {
    int64_t a, b, y;  // y = a + b, in place where y == a
  };
  std::vector<Sum> sums = {};
};

struct PlanOptions {
  int64_t n = 1;
  bool training = false;
  bool inspect = false;  // keep every value to the end of forward; with training, also dL/d images
  bool frozen = false;   // parameters do not change any more; not with training
};

struct NetworkPlan {
  bool training = false;
  std::vector<PlannedValue> values;
  std::vector<Step> steps;
  std::vector<BackwardStep> backward;  // in reverse order of steps; empty for evaluation
  std::vector<int64_t> value_of;       // node -> its value; -1: fused into the next
  int64_t output = -1;
  int64_t input_gradient = -1;  // -1 without inspect
  int64_t arena = 0;            // bytes
  int64_t reorders = 0;
};

NetworkPlan make_plan(const Graph& graph, const Backend& backend, const PlanOptions& options);

}  // namespace fr
