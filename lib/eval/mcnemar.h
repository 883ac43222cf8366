// McNemar's test: do two models judge the same pairs differently well?
#pragma once
#include <cstdint>

namespace fr {

// Exact two-sided p of b pairs that only the first model gets right and c that only the second does, by the
// binomial law of min(b, c) among b + c: min(1, 2 * tail); 1 where b + c = 0.
double mcnemar(int64_t b, int64_t c);

}  // namespace fr
