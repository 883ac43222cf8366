// The timing backend changes nothing and knows every operation by name.
#include "backend/timed.h"

#include <chrono>
#include <thread>
#include <vector>

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

TEST_CASE("a timed backend counts a product's operands once, and its result again where it is added to") {
  const auto ref = make_backend("ref");
  TimedBackend timed(*ref);
  const std::vector<float> a(2 * 4, 1), b(4 * 3, 1);
  std::vector<float> c(2 * 3);
  Backend::Gemm g{.m = 2, .n = 3, .k = 4, .lda = 4, .ldb = 3, .ldc = 3};
  timed.gemm(g, a.data(), b.data(), c.data());
  CHECK(timed.spent().at("gemm").work.flops == 48);
  CHECK(timed.spent().at("gemm").work.bytes == 4 * (8 + 12 + 6));
  g.beta = 1;
  timed.gemm(g, a.data(), b.data(), c.data());
  CHECK(timed.spent().at("gemm").work.bytes == 4 * (8 + 12 + 6) + 4 * (8 + 12 + 12));
  CHECK(c[0] == 8);

  timed.reset();
  timed.keep_time(false);
  timed.gemm(g, a.data(), b.data(), c.data());
  CHECK(timed.spent().empty());
  CHECK(c[0] == 12);
}

TEST_CASE("a timed backend: what happens within another's work is not counted twice") {
  const auto ref = make_backend("ref");
  TimedBackend timed(*ref);
  const auto wait = [](int milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  };
  const auto begin = std::chrono::steady_clock::now();
  timed.timed("outer", {.flops = 1, .bytes = 2}, [&] {
    wait(2);
    timed.timed("inner", {}, [&] { wait(30); });
    timed.timed("inner", {}, [&] { wait(30); });
  });
  const std::chrono::duration<double> all = std::chrono::steady_clock::now() - begin;
  const double inner = timed.spent().at("inner").seconds, outer = timed.spent().at("outer").seconds;
  CHECK(inner >= 0.06);
  CHECK(outer >= 0.002);
  CHECK(outer + inner <= all.count());
  CHECK(timed.spent().at("outer").work.bytes == 2);
}
