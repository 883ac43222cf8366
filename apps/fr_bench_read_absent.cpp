// Built in place of fr_bench_read.cpp where the library has no readers: no image library, no `fr-bench read`.
#include "../apps/fr_bench.h"

namespace fr {

void add_read(Options&) {}

}  // namespace fr
