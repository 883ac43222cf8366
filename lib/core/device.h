// Where a computation runs, and FR_HD, which marks a function for both. The only place that asks for
// __CUDACC__: nvcc gets the kernels behind `gpu::`, any other compiler a refusal with the same names.
#pragma once

#ifdef __CUDACC__
#define FR_HD __host__ __device__
#include "core/chains_cuda.cuh"
#include "core/counts_cuda.cuh"
#include "core/launch_cuda.cuh"
#include "core/lists_cuda.cuh"
#include "core/select_cuda.cuh"
namespace fr {
namespace gpu = launch_cuda;
}
#else
#define FR_HD
#include "core/launch_absent.h"
namespace fr {
namespace gpu = launch_absent;
}
#endif

namespace fr {

enum class Device { kCpu, kCuda };

}  // namespace fr
