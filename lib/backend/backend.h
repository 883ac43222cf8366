// Backend: the operations a vendor library does better than we can, chosen at run time so that two can be
// compared.
//
// Contract for every operation: out of place (no output aliases an input), shapes are checked (fr::Error),
// and the comment says of each output whether it is *overwritten* or *added to*. Activations may lie in any
// Layout an operation accepts (all views of one call in the same one unless said otherwise); weights and
// per-channel vectors are plain row-major f32. The same call on the same thread count gives the same bits.
//
// All memory of one call is the backend's device's, but for freeze(). On a GPU a call only puts work on the
// stream.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/bf16.h"
#include "core/registry.h"
#include "core/tensor.h"

namespace fr {

// Square kernels; x (n, c, h, w), weight (k, c/groups, kernel, kernel), y (n, k, h', w'), h' = (h + 2 pad -
// kernel)/stride + 1.
struct ConvGeometry {
  int64_t kernel = 3, stride = 1, pad = 1, groups = 1;
  bool operator==(const ConvGeometry&) const = default;
};

// y = (x - mean)/sqrt(variance + eps)*gamma + beta, then PReLU(slope) where slope is given, then + residual
// where given.
struct BatchNorm {
  const float* gamma = nullptr;  // (c)
  const float* beta = nullptr;   // (c)
  const float* slope = nullptr;  // (c) PReLU after the affine map; null: none
  float eps = 1e-5f;
};

struct BatchNormGradients {
  float* gamma = nullptr;  // (c) added to; null: not wanted (frozen)
  float* beta = nullptr;   // (c) added to
  float* slope = nullptr;  // (c) added to; null exactly when BatchNorm::slope is
};

// What follows a frozen convolution: y = PReLU(conv(x, w) + bias) + residual.
struct ConvEpilogue {
  const float* bias = nullptr;   // (k)
  const float* slope = nullptr;  // (k); null: no PReLU
};

// A convolution for evaluation whose parameters no longer change, kept in the backend's own order. Any batch
// size. Does not outlive its backend.
class FrozenConv {
 public:
  virtual ~FrozenConv() = default;
  // x and y as in conv_forward, of one plane and layout in all calls; residual alike y, or empty. y
  // overwritten.
  virtual void run(const View& x, const View& residual, const View& y) = 0;
};

class WorkingCopy;

class Backend {
 public:
  virtual ~Backend() = default;
  virtual const std::string& name() const = 0;
  virtual Device device() const { return Device::kCpu; }
  // Of activations and their gradients between convolutions; sums are f32 at least. Images, embeddings and
  // whatever comes of a linear layer are f32.
  virtual DType activations() const { return DType::kF32; }

  // The layout of activations this backend's convolution likes best for x (first) and y (second).
  virtual std::pair<Layout, Layout> preferred(const ConvGeometry& g, Shape x, Shape y) const = 0;
  // dst overwritten; of the same shape, in another layout or dtype.
  virtual void reorder(const View& src, const View& dst) = 0;

  // x and y may have different layouts in the three convolution calls.
  virtual void conv_forward(const ConvGeometry& g, const View& x, const float* w,
                            const View& y) = 0;  // y overwritten
  virtual void conv_backward_data(const ConvGeometry& g, const View& dy, const float* w,
                                  const View& dx) = 0;  // dx overwritten
  virtual void conv_backward_weights(const ConvGeometry& g, const View& x, const View& dy,
                                     float* dw) = 0;  // dw added to

  // Copies w (k, c/groups, kernel, kernel) and the epilogue, which are host memory.
  virtual std::unique_ptr<FrozenConv> freeze(const ConvGeometry& g, Shape w_shape, const float* w,
                                             const ConvEpilogue& epilogue) = 0;

  // Training: writes the batch mean and biased variance (c) and uses them. residual may be an empty View.
  virtual void batch_norm_train(const BatchNorm& bn, const View& x, const View& residual, const View& y,
                                float* mean, float* variance) = 0;
  // Evaluation: uses the given (running) mean and variance.
  virtual void batch_norm_eval(const BatchNorm& bn, const View& x, const View& residual, const View& y,
                               const float* mean, const float* variance) = 0;
  // Backward of batch_norm_train; mean and variance are what it wrote. dx overwritten. The residual's
  // gradient is dy itself.
  virtual void batch_norm_backward(const BatchNorm& bn, const View& x, const View& dy, const float* mean,
                                   const float* variance, const View& dx,
                                   const BatchNormGradients& gradients) = 0;

  // y = x where x > 0, slope[c]*x elsewhere.
  virtual void prelu_forward(const View& x, const float* slope, const View& y) = 0;
  virtual void prelu_backward(const View& x, const float* slope, const View& dy, const View& dx,
                              float* dslope) = 0;  // dslope added to

  virtual void add(const View& a, const View& b, const View& y) = 0;  // y overwritten, y = a + b
  virtual void accumulate(const View& x, const View& y) = 0;          // y added to

  // y (n, k) = x (n, m) w^T + bias; x may be (n, c, h, w) in any layout, flattened in (c, h, w) order; w (k,
  // m); bias null: none.
  virtual void linear_forward(const View& x, const float* w, const float* bias, const View& y) = 0;
  virtual void linear_backward(
      const View& x, const float* w, const View& dy, const View& dx, float* dw,
      float* dbias) = 0;  // dx overwritten (empty View: not wanted), dw and dbias added to

  // c (m, n) = alpha * op(a) op(b) + beta * c, row-major with leading dimensions in elements; beta 0
  // overwrites.
  struct Gemm {
    bool transpose_a = false, transpose_b = false;
    int64_t m = 0, n = 0, k = 0;
    float alpha = 1, beta = 0;
    int64_t lda = 0, ldb = 0, ldc = 0;
  };
  virtual void gemm(const Gemm& g, const float* a, const float* b, float* c) = 0;
  // The same with a and b in bf16, sums in f32. Only where activations() are bf16: fr::Error elsewhere.
  virtual void gemm_bf16(const Gemm& g, const Bf16* a, const Bf16* b, float* c);

  // From now on weights that the copy holds are multiplied as they lie there, where activations() are bf16;
  // null: each is rounded where it is used, as at first. The copy must live until the next follow().
  virtual void follow(const WorkingCopy*) {}

  // Text of the implementations used so far, one per primitive ("conv_forward brgconv:avx512_core"); empty
  // for ref.
  virtual std::vector<std::string> implementations() const { return {}; }
  // Wherever a library offers several, what is met for the first time from now on is done as these lines of
  // another run say, if they are offered still. cuda alone chooses in a way that one run may differ from the
  // next.
  virtual void recall(const std::vector<std::string>&) {}
};

struct BackendKind {
  static constexpr const char* name = "backend";
  using Factory = std::unique_ptr<Backend> (*)();
};

// All that this build has, sorted, whether or not this machine can use them.
std::vector<std::string> backend_names();

// Empty where make_backend(name) has what it needs on this machine; otherwise what is missing, in one line.
std::string why_no_backend(const std::string& name);

// "ref", "onednn", "cuda" (bf16), "cuda_f32", "cuda_tf32"; "cpu" is the fastest of a CPU's that this build
// has, "auto" the fastest that this machine has as well. Throws fr::Error for an unknown or absent one.
std::unique_ptr<Backend> make_backend(const std::string& name);

}  // namespace fr
