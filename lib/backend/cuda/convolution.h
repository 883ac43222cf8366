// Who convolves in the cuda backend. Operands are NHWC of one dtype on the GPU, weights KRSC: (k, kernel,
// kernel, c/groups).
#pragma once
#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "backend/backend.h"
#include "backend/cuda/blas.h"
#include "backend/cuda/pool.h"

namespace fr::cuda {

struct ConvProblem {
  ConvGeometry g;
  Shape x, y;
  DType dtype = DType::kF32;
  int64_t taps() const { return g.kernel * g.kernel; }
  int64_t group_inputs() const { return x.c / g.groups; }
  int64_t weights() const { return y.c * group_inputs() * taps(); }
};

class Convolution {
 public:
  virtual ~Convolution() = default;
  virtual void forward(const ConvProblem& p, const void* x, const void* w, void* y) = 0;  // y overwritten
  virtual void backward_data(const ConvProblem& p, const void* dy, const void* w,
                             void* dx) = 0;  // dx overwritten
  // dw is added to: plain f32 (k, c/groups, kernel, kernel), as in Backend.
  virtual void backward_weights(const ConvProblem& p, const void* x, const void* dy, float* dw) = 0;
};

// What an implementation works with: the backend's own, which outlive it.
struct ConvContext {
  const MathMode& mode;
  const Blas& blas;
  Pool& pool;
  std::set<std::string>& implementations;  // one line a problem is put here at its first use
  const std::set<std::string>& recalled;   // lines of another run, to be followed where that is possible
};

inline constexpr const char* kIm2col = "im2col and cuBLAS";
std::unique_ptr<Convolution> make_im2col(const ConvContext& context);
// cuDNN, and im2col for what it does not offer; im2col alone in a build without it.
std::unique_ptr<Convolution> make_best_convolution(const ConvContext& context);

std::string describe(const char* operation, const ConvProblem& p);

// dst (k, kernel, kernel, c/groups) in p.dtype, overwritten, of w (k, c/groups, kernel, kernel) in f32.
void to_krsc(const ConvProblem& p, const float* w, void* dst);
// dw (k, c/groups, kernel, kernel) added to, of src (k, kernel, kernel, c/groups) in a dtype.
void add_krsc(const ConvProblem& p, DType dtype, const void* src, float* dw);

}  // namespace fr::cuda
