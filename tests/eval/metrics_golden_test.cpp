// Known answers of golden_eval/metrics: search, MAP@100, intervals of proportions, McNemar's test, the
// bootstrap.
#include <map>

#include "eval/average_precision.h"
#include "eval/bootstrap.h"
#include "eval/golden.h"
#include "eval/identification.h"
#include "eval/interval.h"
#include "eval/mcnemar.h"

using namespace fr;
using namespace fr::test;

namespace {

// One block of metrics/expected.json; null without the known answers.
Json expected_block(const char* name) {
  const std::filesystem::path root = golden_eval();
  if (root.empty()) return {};
  Json block = read_json(root / "metrics" / "expected.json").at(name);
  REQUIRE(!block.empty());
  return block;
}

void check_interval(const Interval& interval, const Json& expected) {
  const double low = expected[0], high = expected[1];
  CHECK(near(interval.low, low, 1e-9 * low + 1e-16));
  CHECK(near(interval.high, high, 1e-9 * high));
}

void check_tpir(const Tpir& tpir, const Json& expected, const char* index) {
  CHECK(tpir.index == expected[index].get<int64_t>());
  CHECK(tpir.threshold == golden_number(expected["threshold"]));
  CHECK(tpir.hits == expected["hits"].get<int64_t>());
  CHECK(near(tpir.tpir, expected["tpir"], 1e-12));
}

}  // namespace

TEST_CASE("search: ranks and CMC under both tie rules, TPIR under both rules") {
  const Json expected = expected_block("search");
  if (expected.is_null()) return;
  std::vector<int64_t> pessimistic, optimistic;
  OpenSetSearch search;
  int64_t gallery = 0;
  for (size_t p = 0; p < expected["mate"].size(); ++p) {
    std::vector<double> scores = golden_numbers(expected["similarity"][p]);
    gallery = std::ssize(scores);
    const auto mate = expected["mate"][p].get<int64_t>();
    if (mate < 0) {
      search.unmated.push_back(*std::max_element(scores.begin(), scores.end()));
      continue;
    }
    search.mate.push_back(scores[static_cast<size_t>(mate)]);
    scores.erase(scores.begin() + mate);
    search.best_other.push_back(*std::max_element(scores.begin(), scores.end()));
    const MateRank rank = mate_rank(search.mate.back(), scores);
    pessimistic.push_back(rank.pessimistic);
    optimistic.push_back(rank.optimistic);
  }
  std::sort(search.unmated.rbegin(), search.unmated.rend());
  CHECK(pessimistic == expected["pessimistic_rank"].get<std::vector<int64_t>>());
  CHECK(optimistic == expected["optimistic_rank"].get<std::vector<int64_t>>());
  CHECK(cumulative_match(pessimistic, gallery) == golden_numbers(expected["pessimistic_cmc"]));
  CHECK(cumulative_match(optimistic, gallery) == golden_numbers(expected["optimistic_cmc"]));
  for (const Json& e : expected["tpir"]) {
    CAPTURE(e.dump());
    check_tpir(tpir_exact(search, e["fpir"]), e["exact"], "k");
    check_tpir(tpir_ijb(search, e["fpir"]), e["ijb_rule"], "index");
  }
}

TEST_CASE("MAP@100") {
  const Json expected = expected_block("map100");
  if (expected.is_null()) return;
  for (const Json& e : expected) {
    CAPTURE(e["name"].get<std::string>());
    std::map<std::string, int64_t> numbers;
    const auto numbered = [&](const Json& names) {
      std::vector<int64_t> result;
      for (const Json& name : names)
        result.push_back(numbers.emplace(name, std::ssize(numbers)).first->second);
      return result;
    };
    std::vector<Retrieval> retrievals;
    for (const auto& [identity, videos] : e["truth"].items()) {
      const Json& lists = e["lists"];
      retrievals.push_back(
          {numbered(videos), lists.contains(identity) ? numbered(lists[identity]) : std::vector<int64_t>{}});
      CHECK(near(average_precision(retrievals.back()), e["average_precision"][identity], 1e-12));
    }
    CHECK(near(mean_average_precision(retrievals), e["map"], 1e-12));
  }
}

TEST_CASE("intervals of proportions: Clopper-Pearson, Wilson, Wilson with continuity correction") {
  const Json expected = expected_block("intervals");
  for (const Json& e : expected) {
    CAPTURE(e.dump());
    check_interval(clopper_pearson(e["k"], e["n"], e["confidence"]), e["clopper_pearson"]);
    check_interval(wilson(e["k"], e["n"], e["confidence"]), e["wilson"]);
    check_interval(wilson_continuity(e["k"], e["n"], e["confidence"]), e["wilson_continuity"]);
  }
}

TEST_CASE("McNemar's exact p") {
  const Json expected = expected_block("mcnemar");
  for (const Json& e : expected) {
    CAPTURE(e.dump());
    const double p = e["p"];
    CHECK(near(mcnemar(e["b"], e["c"]), p, 1e-9 * p));
  }
}

TEST_CASE("bootstrap by subject: the sampled ends lie in the bands of the exact distribution") {
  const Json expected = expected_block("bootstrap");
  for (const Json& e : expected) {
    CAPTURE(e.dump());
    const std::vector<double> correct = golden_numbers(e["correct"]), trials = golden_numbers(e["trials"]);
    const Interval interval = bootstrap_ratio(correct, trials, {.resamples = 20'000});
    const Json& band = e["band"];
    CHECK(interval.low >= band["0.02"].get<double>());
    CHECK(interval.low <= band["0.03"].get<double>());
    CHECK(interval.high >= band["0.97"].get<double>());
    CHECK(interval.high <= band["0.98"].get<double>());
  }
}
