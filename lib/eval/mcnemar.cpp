#include "eval/mcnemar.h"

#include <algorithm>
#include <cassert>

#include "eval/interval.h"

namespace fr {

double mcnemar(int64_t b, int64_t c) {
  assert(b >= 0 && c >= 0);
  if (b == c) return 1;
  const auto less = static_cast<long double>(std::min(b, c)), more = static_cast<long double>(std::max(b, c));
  // P(X <= less) of X binomial with less + more trials is I_{1/2}(more, less + 1).
  return static_cast<double>(std::min(1.0L, 2 * regularized_beta(more, less + 1, 0.5L)));
}

}  // namespace fr
