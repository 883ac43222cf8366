// Where a computation runs, and FR_HD, which marks a function for both. The only place that asks for
// __CUDACC__.
#pragma once

#ifdef __CUDACC__
#define FR_HD __host__ __device__
#else
#define FR_HD
#endif

namespace fr {

enum class Device { kCpu, kCuda };

}  // namespace fr
