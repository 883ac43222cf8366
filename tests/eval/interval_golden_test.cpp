// Known answers of golden_eval/metrics: Clopper-Pearson intervals.
#include "eval/interval.h"

#include "eval/golden.h"

using namespace fr;
using namespace fr::test;

TEST_CASE("Clopper-Pearson intervals") {
  const std::filesystem::path root = golden_eval();
  if (root.empty()) return;
  const Json expected = read_json(root / "metrics" / "expected.json");
  REQUIRE(!expected["intervals"].empty());
  for (const Json& e : expected["intervals"]) {
    CAPTURE(e.dump());
    const Interval interval = clopper_pearson(e["k"], e["n"], e["confidence"]);
    const double low = e["clopper_pearson"][0], high = e["clopper_pearson"][1];
    CHECK(near(interval.low, low, 1e-9 * low));
    CHECK(near(interval.high, high, 1e-9 * high));
  }
}
