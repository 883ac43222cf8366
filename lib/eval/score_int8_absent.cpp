// Processors without an 8-bit kernel score in f32 alone.
#include <cassert>

#include "eval/score_screen.h"

namespace fr {

bool has_int8_kernel() { return false; }

bool screen_codes(int64_t, const CodedBlock&, CodedProducts&) {
  assert(false);
  return true;
}

}  // namespace fr
