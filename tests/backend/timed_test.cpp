// The timing backend changes nothing and knows every operation by name.
#include "backend/timed.h"

#include "backend/harness.h"

using namespace fr;
using namespace fr::test;

TEST_CASE("a timed backend computes what the one behind it computes, and names each operation and its work") {
  const auto ref = make_backend("ref");
  TimedBackend timed(*ref);
  for (const Case& c : conformance_cases()) {
    if (c.operands[0].shape.count() > 10'000) continue;
    INFO(c.name);
    const Values before = initial_values(c);
    timed.reset();
    CHECK(same_bits(run_case(timed, c, before), run_case(*ref, c, before)));
    CHECK(timed.spent().size() == 1);
    const std::string operation = c.name.substr(0, c.name.find(' '));
    REQUIRE(timed.spent().contains(operation));
    // What the case table counts, where it is a matter of products.
    const double flops = timed.spent().at(operation).work.flops;
    if (flops > 0) CHECK(flops == c.flops);
    CHECK(flops + timed.spent().at(operation).work.bytes > 0);
  }
  CHECK(timed.name() == "ref");
}
