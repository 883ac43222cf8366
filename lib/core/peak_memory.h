// The most memory this process has held at one time.
#pragma once
#include <cstdint>

namespace fr {

// Bytes resident at the highest moment since the process started (Linux: VmHWM of /proc/self/status); 0 where
// the system does not say.
int64_t peak_memory();

}  // namespace fr
