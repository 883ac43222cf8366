#include "core/peak_memory.h"

#include <fstream>
#include <string>

namespace fr {

// Not getrusage: its maximum survives exec, so a large parent would be counted.
int64_t peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string field; status >> field;)
    if (int64_t kilobytes = 0; field == "VmHWM:" && status >> kilobytes) return kilobytes * 1024;
  return 0;
}

}  // namespace fr
