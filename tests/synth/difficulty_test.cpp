// Difficulty is a contract: what any picture shows at a glance must not tell who it is.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "core/parallel.h"
#include "synth/synth.h"

using namespace fr;

namespace {

using Rows = std::vector<std::vector<float>>;

// Best accuracy over all thresholds: an upper bound of the k-fold figure's expectation.
double best_accuracy(const Rows& rows, const std::vector<uint8_t>& same, bool angle) {
  std::vector<std::pair<double, uint8_t>> scored;
  for (size_t i = 0; i < same.size(); ++i) {
    const auto &a = rows[2 * i], &b = rows[2 * i + 1];
    double dot = 0, aa = 1e-12, bb = 1e-12;
    for (size_t k = 0; k < a.size(); ++k) dot += a[k] * b[k], aa += a[k] * a[k], bb += b[k] * b[k];
    scored.emplace_back(angle ? -dot / std::sqrt(aa * bb) : aa + bb - 2 * dot, same[i]);
  }
  std::sort(scored.begin(), scored.end());
  int64_t right = std::count(same.begin(), same.end(), 0), best = right;
  for (const auto& [distance, genuine] : scored) best = std::max(best, right += genuine ? 1 : -1);
  return static_cast<double>(best) / static_cast<double>(same.size());
}

}  // namespace

TEST_CASE("mean colour and 8x8 grey pixels stay at or below 75 %") {
  for (const std::string& name : synth::verification_sets()) {
    const auto set = synth::make_verification_set(name, 240, 1);
    Rows colour(set.shots.size()), grey(set.shots.size());
    parallel_for(std::ssize(colour), [&](int64_t i) {
      const auto at = static_cast<size_t>(i);
      std::vector<uint8_t> rgb(kCropBytes);
      synth::render_shot(1, set.shots[at], rgb);
      colour[at] = synth::mean_colour(rgb);
      grey[at] = synth::coarse_grey(rgb);
    });
    CAPTURE(name);
    CHECK(best_accuracy(colour, set.same, false) <= 0.75);
    CHECK(best_accuracy(grey, set.same, true) <= 0.75);
    CHECK(best_accuracy(grey, set.same, false) <= 0.75);
  }
}
