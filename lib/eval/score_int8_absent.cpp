// Processors without an 8-bit kernel score in f32 alone.
#include <cassert>

#include "eval/score_screen.h"

namespace fr {

bool has_int8_kernel() { return false; }

void multiply_codes(int64_t, const uint8_t*, const uint8_t*, int32_t*, int64_t) { assert(false); }

}  // namespace fr
