// The math modes of the cuda backend, one a registered name: the only place that says in which numbers a
// product is made. Sums are f32 in all of them.
#pragma once
#include <memory>

#include "backend/backend.h"

namespace fr::cuda {

struct MathMode {
  const char* name;
  DType activations;  // of activations, and of what convolutions and linear layers multiply
  bool tf32;          // factors of f32 products are rounded to 10 bits
};

// bf16 activations; what is multiplied in f32 all the same (a loss head's gemm) is rounded to tf32.
inline constexpr MathMode kBf16Mode{"cuda", DType::kBf16, true};
inline constexpr MathMode kF32Mode{"cuda_f32", DType::kF32, false};
inline constexpr MathMode kTf32Mode{"cuda_tf32", DType::kF32, true};

// Who convolves: cuDNN where it was found, or always im2col and cuBLAS (for comparison).
enum class Convolutions { kBest, kIm2col };

// fr::Error without a usable GPU.
std::unique_ptr<Backend> make_backend(const MathMode& mode, Convolutions convolutions = Convolutions::kBest);

}  // namespace fr::cuda
