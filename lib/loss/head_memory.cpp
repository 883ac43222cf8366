#include "loss/head_memory.h"

#include <algorithm>

#include "core/error.h"

namespace fr {

HeadMemory head_memory(const HeadSizes& s) {
  constexpr int64_t kF32 = 4, kF64 = 8, kI32 = 4, kBf16 = 2;
  const int64_t parameters = s.classes * (s.d + (s.bias ? 1 : 0)) * kF32;
  const int64_t columns = s.sampled > 0 ? s.sampled : s.classes;
  const int64_t tile = std::min(s.tile, std::max<int64_t>(columns, 1));
  HeadMemory m;
  m.weights = parameters;
  (s.sgd ? m.momentum : m.gradients) = parameters;
  m.classes = columns * (kF32 + (s.sgd ? kF64 : 0));                      // inverse norms, squares
  if (s.sampled > 0) m.classes += s.classes * 2 * kI32 + columns * kI32;  // draws, columns; classes
  m.rows = s.rows * (2 * s.d * kF32 + (s.bf16 ? s.d * kBf16 : 0));        // units and their gradients
  m.rows += s.rows * (3 * kI32 + 5 * kF64 + 7 * kF32);  // labels; cosines, losses, sums, margins; the rest
  m.rows += s.parts > 1 ? s.rows * s.parts * kF32 : 0;
  m.tile = s.rows * tile * (kF32 + (s.bf16 ? kBf16 : 0)) + tile * 2 * kF32;  // logits; radial parts, bias
  const bool through_tile = s.normalise || s.sgd || s.sampled > 0;
  m.tile += through_tile ? tile * s.d * kF32 : 0;  // class gradients
  if (s.bf16)
    m.tile += tile * s.d * kBf16;  // rounded weights
  else
    m.tile += s.sampled > 0 ? tile * s.d * kF32 : 0;  // sampled weights
  return m;
}

void check_head_memory(const char* loss, const HeadSizes& s, int64_t free) {
  constexpr int64_t kMb = 1'000'000;
  const HeadMemory m = head_memory(s);
  FR_CHECK(
      m.total() <= free,
      "loss {}: {} classes of {} values need {} MB (weights {}, momentum {}, gradients {}, the rest {}), "
      "{} MB are free",
      loss, s.classes, s.d, m.total() / kMb, m.weights / kMb, m.momentum / kMb, m.gradients / kMb,
      (m.classes + m.rows + m.tile) / kMb, free / kMb);
}

}  // namespace fr
