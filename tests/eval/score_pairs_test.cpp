// score_pairs against the definition, pair by pair, bit for bit.
#include <doctest/doctest.h>

#include <limits>

#include "core/parallel.h"
#include "core/random.h"
#include "eval/evaluate.h"
#include "eval/pair_score.h"

using namespace fr;

TEST_CASE("the order in which pairs are scored changes no bit") {
  const RandomStream random(11, "score pairs test");
  const int threads = thread_count();
  for (const int64_t dim :
       {int64_t{1}, int64_t{7}, int64_t{8}, int64_t{100}, int64_t{131}, int64_t{512}, int64_t{515}}) {
    CAPTURE(dim);
    constexpr int64_t kTemplates = 700;
    TemplateFeatures features{kTemplates, dim, {}, std::vector<uint8_t>(kTemplates)};
    for (int64_t i = 0; i < kTemplates * dim; ++i) {
      features.values.push_back(random.normal(static_cast<uint64_t>(i)));
    }
    features.failed[5] = 1;
    PairList list;
    for (uint64_t i = 0; i < 5000; ++i) {
      // Many pairs of template 0, repeated pairs, pairs of a template with itself.
      const auto a = static_cast<int32_t>(i % 3 == 0 ? 0 : random.bits(2 * i) % kTemplates);
      const auto b = static_cast<int32_t>(i % 7 == 0 ? a : random.bits(2 * i + 1) % kTemplates);
      list.pairs.push_back({a, b, i % 2 == 0});
    }
    for (const PairScore score : {PairScore::kDot, PairScore::kSquaredDistance}) {
      list.score = score;
      const bool distance = score == PairScore::kSquaredDistance;
      std::vector<double> expected;
      for (const Pair& pair : list.pairs) {
        if (pair.a == 5 || pair.b == 5) {
          expected.push_back((distance ? 1 : -1) * std::numeric_limits<double>::infinity());
        } else {
          expected.push_back(
              (distance ? squared_distance : dot)(features.row(pair.a), features.row(pair.b), dim));
        }
      }
      for (const int count : {1, 2, 3}) {
        set_thread_count(count);
        CHECK(score_pairs(list, features) == expected);
      }
    }
  }
  set_thread_count(threads);
}
