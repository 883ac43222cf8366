// FR_CUDA(call): throws fr::Error with CUDA's own words when a runtime call fails.
#pragma once
#include <cuda_runtime.h>

#include "core/error.h"

#define FR_CUDA(call)                                                                                 \
  do {                                                                                                \
    const cudaError_t fr_status = (call);                                                             \
    if (fr_status != cudaSuccess) ::fr::fail("CUDA: {} in {}", cudaGetErrorString(fr_status), #call); \
  } while (false)
