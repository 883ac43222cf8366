// Convolution by cuDNN: descriptors and algorithm are made once per problem. Only algorithms that are
// implicit products and repeat bit for bit are taken; what cuDNN does not offer goes to im2col.
#include <cudnn.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "backend/cuda/convolution.h"
#include "core/error.h"

namespace fr::cuda {
namespace {

constexpr size_t kMostWorkspace = size_t{8} << 30;  // bytes an algorithm may ask for

constexpr int64_t kMostValues = std::numeric_limits<int32_t>::max();  // of a tensor that cuDNN describes

void check_cudnn(cudnnStatus_t status, const char* call) {
  FR_CHECK(status == CUDNN_STATUS_SUCCESS, "{}: {}", call, cudnnGetErrorString(status));
}

// A cuDNN descriptor, made and destroyed by these functions.
template <class Handle, cudnnStatus_t (*kCreate)(Handle*), cudnnStatus_t (*kDestroy)(Handle)>
class Descriptor {
 public:
  Descriptor() { check_cudnn(kCreate(&handle_), "cudnnCreate"); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { kDestroy(handle_); }
  operator Handle() const { return handle_; }  // NOLINT: passed wherever the handle is wanted

 private:
  Handle handle_ = nullptr;
};
using TensorDescriptor =
    Descriptor<cudnnTensorDescriptor_t, cudnnCreateTensorDescriptor, cudnnDestroyTensorDescriptor>;
using FilterDescriptor =
    Descriptor<cudnnFilterDescriptor_t, cudnnCreateFilterDescriptor, cudnnDestroyFilterDescriptor>;
using ConvolutionDescriptor = Descriptor<cudnnConvolutionDescriptor_t, cudnnCreateConvolutionDescriptor,
                                         cudnnDestroyConvolutionDescriptor>;
using CudnnHandle = Descriptor<cudnnHandle_t, cudnnCreate, cudnnDestroy>;

cudnnDataType_t cudnn_type(DType dtype) {
  return dtype == DType::kBf16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
}

cudnnMathType_t math_type(const MathMode& mode, DType dtype) {
  if (dtype == DType::kBf16) return CUDNN_TENSOR_OP_MATH;
  return mode.tf32 ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH;
}

enum class Operation { kForward, kBackwardData, kBackwardWeights };

const char* name_of(Operation operation) {
  switch (operation) {
    case Operation::kForward:
      return "conv_forward";
    case Operation::kBackwardData:
      return "conv_backward_data";
    case Operation::kBackwardWeights:
      return "conv_backward_weights";
  }
  return "?";
}

// How one problem is done.
struct Plan {
  TensorDescriptor x, y;
  FilterDescriptor w;
  ConvolutionDescriptor convolution;
  DType weights = DType::kF32;  // of w, or of the gradient that cuDNN writes
  int algorithm = -1;           // of the operation's own enumeration
  size_t workspace = 0;         // bytes
  std::string text{};           // what is told of it
  bool proven = false;          // has run
};

struct Choice {
  int algorithm;
  cudnnMathType_t math;
};

// The suggestions that repeat bit for bit, are among the `allowed`, and keep to the math mode; best first.
template <class Perf, class Suggest>
std::vector<Choice> choices(const Suggest& suggest, std::initializer_list<int> allowed, bool exact) {
  std::array<Perf, 16> suggestions{};
  int count = 0;
  std::vector<Choice> chosen;
  if (suggest(static_cast<int>(suggestions.size()), &count, suggestions.data()) != CUDNN_STATUS_SUCCESS)
    return chosen;
  for (int i = 0; i < count; ++i) {
    const Perf& s = suggestions[static_cast<size_t>(i)];
    if (s.status != CUDNN_STATUS_SUCCESS || s.determinism != CUDNN_DETERMINISTIC) continue;
    if (s.mathType == CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION) continue;  // to f16
    if (s.memory > kMostWorkspace || (exact && s.mathType == CUDNN_TENSOR_OP_MATH)) continue;
    if (std::find(allowed.begin(), allowed.end(), static_cast<int>(s.algo)) == allowed.end()) continue;
    chosen.push_back({static_cast<int>(s.algo), exact ? CUDNN_FMA_MATH : s.mathType});
  }
  return chosen;
}

// cuDNN reads up to 16 bytes at a time; other operands go to im2col.
bool aligned(std::initializer_list<const void*> operands) {
  return std::ranges::all_of(operands,
                             [](const void* p) { return reinterpret_cast<uintptr_t>(p) % 16 == 0; });
}

class Cudnn final : public Convolution {
 public:
  explicit Cudnn(const ConvContext& context) : context_(context), im2col_(make_im2col(context)) {
    check_cudnn(cudnnSetStream(handle_, stream()), "cudnnSetStream");
  }

  void forward(const ConvProblem& p, const void* x, const void* w, void* y) override {
    const bool done =
        aligned({x, w, y}) && run(Operation::kForward, p, [&](const Plan& plan, void* workspace) {
          return cudnnConvolutionForward(handle_, &kOne, plan.x, x, plan.w, w, plan.convolution,
                                         static_cast<cudnnConvolutionFwdAlgo_t>(plan.algorithm), workspace,
                                         plan.workspace, &kZero, plan.y, y);
        });
    if (!done) im2col_->forward(p, x, w, y);
  }

  void backward_data(const ConvProblem& p, const void* dy, const void* w, void* dx) override {
    const bool done =
        aligned({dy, w, dx}) && run(Operation::kBackwardData, p, [&](const Plan& plan, void* workspace) {
          return cudnnConvolutionBackwardData(handle_, &kOne, plan.w, w, plan.y, dy, plan.convolution,
                                              static_cast<cudnnConvolutionBwdDataAlgo_t>(plan.algorithm),
                                              workspace, plan.workspace, &kZero, plan.x, dx);
        });
    if (!done) im2col_->backward_data(p, dy, w, dx);
  }

  void backward_weights(const ConvProblem& p, const void* x, const void* dy, float* dw) override {
    const Pool::Scope scope(context_.pool);
    std::byte* const gradient = context_.pool.take(p.weights() * size_of(DType::kF32));
    DType dtype = DType::kF32;
    const bool done =
        aligned({x, dy}) && run(Operation::kBackwardWeights, p, [&](const Plan& plan, void* workspace) {
          dtype = plan.weights;
          return cudnnConvolutionBackwardFilter(handle_, &kOne, plan.x, x, plan.y, dy, plan.convolution,
                                                static_cast<cudnnConvolutionBwdFilterAlgo_t>(plan.algorithm),
                                                workspace, plan.workspace, &kZero, plan.w, gradient);
        });
    if (done) return add_krsc(p, dtype, gradient, dw);
    im2col_->backward_weights(p, x, dy, dw);
  }

 private:
  using Key = std::tuple<Operation, DType, std::array<int64_t, 10>>;
  static constexpr float kOne = 1, kZero = 0;

  // The plans of a problem, best first; what cuDNN refuses at its first call is struck off. False where none
  // is left, and for tensors beyond what cuDNN describes.
  template <class Call>
  bool run(Operation operation, const ConvProblem& p, const Call& call) {
    if (std::max(p.x.count(), p.y.count()) > kMostValues) return false;
    const Key key{operation,
                  p.dtype,
                  {p.g.kernel, p.g.stride, p.g.pad, p.g.groups, p.x.n, p.x.c, p.x.h, p.x.w, p.y.c, p.y.h}};
    auto found = plans_.find(key);
    if (found == plans_.end()) found = plans_.emplace(key, make_plans(operation, p)).first;
    for (auto& plans = found->second; !plans.empty(); plans.erase(plans.begin())) {
      Plan& plan = *plans.front();
      const Pool::Scope scope(context_.pool);
      cudnnStatus_t status = CUDNN_STATUS_ALLOC_FAILED;
      try {
        status = call(
            plan, plan.workspace > 0 ? context_.pool.take(static_cast<int64_t>(plan.workspace)) : nullptr);
      } catch (const Error&) {  // no memory for this one's workspace: perhaps for the next one's
        if (plan.proven) throw;
      }
      if (plan.proven) check_cudnn(status, cuda::name_of(operation));
      if (status != CUDNN_STATUS_SUCCESS) continue;
      if (!plan.proven) context_.implementations.insert(plan.text);
      plan.proven = true;
      return true;
    }
    return false;
  }

  // For the weights' gradient results in f32 are asked for first. Where cuDNN has none for bf16 factors, the
  // sum is still made in f32 and rounded once.
  std::vector<std::unique_ptr<Plan>> make_plans(Operation operation, const ConvProblem& p) const {
    std::vector<std::unique_ptr<Plan>> plans;
    const bool both = operation == Operation::kBackwardWeights && p.dtype != DType::kF32;
    if (both) add_plans(operation, p, DType::kF32, plans);
    add_plans(operation, p, p.dtype, plans);
    follow(describe(cuda::name_of(operation), p) + ": ", plans);
    return plans;
  }

  // The plan that another run used comes first; none where it used none.
  void follow(const std::string& problem, std::vector<std::unique_ptr<Plan>>& plans) const {
    const auto recalled = context_.recalled.lower_bound(problem);
    if (recalled == context_.recalled.end() || !recalled->starts_with(problem)) return;
    if (*recalled == problem + kIm2col) plans.clear();
    std::ranges::stable_partition(plans, [&](const auto& plan) { return plan->text == *recalled; });
  }

  // One for each algorithm that cuDNN suggests.
  void add_plans(Operation operation, const ConvProblem& p, DType weights,
                 std::vector<std::unique_ptr<Plan>>& plans) const {
    const std::unique_ptr<Plan> described = describe_plan(p, weights);
    for (const Choice& choice : choices_of(operation, *described, is_exact(p))) {
      std::unique_ptr<Plan> plan = describe_plan(p, weights);
      check_cudnn(cudnnSetConvolutionMathType(plan->convolution, choice.math), "cudnnSetConvolutionMathType");
      plan->algorithm = choice.algorithm;
      if (find_workspace(operation, *plan) != CUDNN_STATUS_SUCCESS) continue;
      plan->text = fmt::format("{}: cuDNN {}, algorithm {}, math {}, {} bytes, {} weights",
                               describe(cuda::name_of(operation), p), cudnnGetVersion(), choice.algorithm,
                               static_cast<int>(choice.math), plan->workspace, fr::name_of(weights));
      if (std::ranges::find(plans, plan->text, [](const auto& p) { return p->text; }) == plans.end())
        plans.push_back(std::move(plan));
    }
  }

  std::unique_ptr<Plan> describe_plan(const ConvProblem& p, DType weights) const {
    auto plan = std::make_unique<Plan>();
    plan->weights = weights;
    const auto tensor = [&](cudnnTensorDescriptor_t descriptor, const Shape& s) {
      check_cudnn(cudnnSetTensor4dDescriptor(descriptor, CUDNN_TENSOR_NHWC, cudnn_type(p.dtype), int_of(s.n),
                                             int_of(s.c), int_of(s.h), int_of(s.w)),
                  "cudnnSetTensor4dDescriptor");
    };
    tensor(plan->x, p.x);
    tensor(plan->y, p.y);
    const int kernel = int_of(p.g.kernel), pad = int_of(p.g.pad), stride = int_of(p.g.stride);
    check_cudnn(cudnnSetFilter4dDescriptor(plan->w, cudnn_type(weights), CUDNN_TENSOR_NHWC, int_of(p.y.c),
                                           int_of(p.group_inputs()), kernel, kernel),
                "cudnnSetFilter4dDescriptor");
    check_cudnn(cudnnSetConvolution2dDescriptor(plan->convolution, pad, pad, stride, stride, 1, 1,
                                                CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT),
                "cudnnSetConvolution2dDescriptor");
    check_cudnn(cudnnSetConvolutionGroupCount(plan->convolution, int_of(p.g.groups)),
                "cudnnSetConvolutionGroupCount");
    check_cudnn(cudnnSetConvolutionMathType(plan->convolution, math_type(context_.mode, p.dtype)),
                "cudnnSetConvolutionMathType");
    return plan;
  }

  bool is_exact(const ConvProblem& p) const { return p.dtype == DType::kF32 && !context_.mode.tf32; }

  std::vector<Choice> choices_of(Operation operation, const Plan& plan, bool exact) const {
    switch (operation) {
      case Operation::kForward:
        return choices<cudnnConvolutionFwdAlgoPerf_t>(
            [&](int most, int* count, cudnnConvolutionFwdAlgoPerf_t* suggestions) {
              return cudnnGetConvolutionForwardAlgorithm_v7(handle_, plan.x, plan.w, plan.convolution, plan.y,
                                                            most, count, suggestions);
            },
            {CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM,
             CUDNN_CONVOLUTION_FWD_ALGO_GEMM},
            exact);
      case Operation::kBackwardData:
        return choices<cudnnConvolutionBwdDataAlgoPerf_t>(
            [&](int most, int* count, cudnnConvolutionBwdDataAlgoPerf_t* suggestions) {
              return cudnnGetConvolutionBackwardDataAlgorithm_v7(handle_, plan.w, plan.y, plan.convolution,
                                                                 plan.x, most, count, suggestions);
            },
            {CUDNN_CONVOLUTION_BWD_DATA_ALGO_1}, exact);
      case Operation::kBackwardWeights:
        return choices<cudnnConvolutionBwdFilterAlgoPerf_t>(
            [&](int most, int* count, cudnnConvolutionBwdFilterAlgoPerf_t* suggestions) {
              return cudnnGetConvolutionBackwardFilterAlgorithm_v7(handle_, plan.x, plan.y, plan.convolution,
                                                                   plan.w, most, count, suggestions);
            },
            {CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1}, exact);
    }
    return {};
  }

  cudnnStatus_t find_workspace(Operation operation, Plan& plan) const {
    switch (operation) {
      case Operation::kForward:
        return cudnnGetConvolutionForwardWorkspaceSize(handle_, plan.x, plan.w, plan.convolution, plan.y,
                                                       static_cast<cudnnConvolutionFwdAlgo_t>(plan.algorithm),
                                                       &plan.workspace);
      case Operation::kBackwardData:
        return cudnnGetConvolutionBackwardDataWorkspaceSize(
            handle_, plan.w, plan.y, plan.convolution, plan.x,
            static_cast<cudnnConvolutionBwdDataAlgo_t>(plan.algorithm), &plan.workspace);
      case Operation::kBackwardWeights:
        return cudnnGetConvolutionBackwardFilterWorkspaceSize(
            handle_, plan.x, plan.y, plan.convolution, plan.w,
            static_cast<cudnnConvolutionBwdFilterAlgo_t>(plan.algorithm), &plan.workspace);
    }
    return CUDNN_STATUS_BAD_PARAM;
  }

  const ConvContext context_;
  const std::unique_ptr<Convolution> im2col_;
  const CudnnHandle handle_;
  std::map<Key, std::vector<std::unique_ptr<Plan>>> plans_;
};

}  // namespace

std::unique_ptr<Convolution> make_best_convolution(const ConvContext& context) {
  return std::make_unique<Cudnn>(context);
}

}  // namespace fr::cuda
