// What only the onednn backend promises: fast kernels for every operation of the networks, layouts that chain
// without reorders, primitives kept between calls, and service after the thread count has changed.
#include "backend/harness.h"
#include "core/parallel.h"

using namespace fr;
using namespace fr::test;

namespace {

// Null, with a message, where oneDNN is absent.
std::unique_ptr<Backend> onednn() {
  if (Registry<BackendKind>::instance().contains("onednn")) return make_backend("onednn");
  MESSAGE("skipped: built without oneDNN");
  return nullptr;
}

// At least `kinds` implementations were used, and none of them is a fallback.
void check_fast(const Backend& backend, size_t kinds) {
  const std::vector<std::string> implementations = backend.implementations();
  CHECK(implementations.size() >= kinds);
  for (const std::string& text : implementations) {
    INFO(text);
    CHECK(text.find("ref") == std::string::npos);
    CHECK(text.find("gemm") == std::string::npos);
  }
}

}  // namespace

TEST_CASE("no convolution of an iresnet falls back on a reference or gemm kernel") {
  const auto backend = onednn();
  if (!backend) return;
  for (const Case& c : network_cases(*backend, 2)) {
    if (c.name.starts_with("conv")) run_case(*backend, c, initial_values(c));
  }
  check_fast(*backend, 3);
}

TEST_CASE("no grouped convolution falls back, whatever the channels of a group") {
  const auto backend = onednn();
  if (!backend) return;
  const ConvolutionCase convolutions[] = {{{3, 1, 1, 64}, {2, 128, 14, 14}, 128, {8}, {8}},
                                          {{3, 2, 1, 4}, {2, 8, 14, 14}, 16, {8}, {8}},
                                          {{3, 1, 1, 3}, {2, 48, 14, 14}, 24, {8}, {8}},
                                          {{3, 2, 1, 13}, {2, 13, 14, 14}, 13},
                                          {{7, 1, 0, 512}, {2, 512, 7, 7}, 512, {8}, {8}}};
  for (const ConvolutionCase& c : convolutions) {
    const DifferentiableCase d = convolution_case(c);
    run_case(*backend, d.forward, initial_values(d.forward));
    for (const Case& b : d.backward) run_case(*backend, b, initial_values(b));
  }
  check_fast(*backend, 3);
}

TEST_CASE("the layouts preferred along a network chain without reorders") {
  const auto backend = onednn();
  if (!backend) return;
  const auto first = backend->preferred({3, 1, 1, 1}, {8, 3, 112, 112}, {8, 64, 112, 112});
  CHECK(first.first.block == 1);
  Layout layout = first.second;
  for (const int64_t channels : {64, 128, 256, 512}) {
    const int64_t size = 112 * 64 / channels;
    const Shape x{8, channels, size, size}, narrow{8, channels, size / 2, size / 2};
    const auto same = backend->preferred({3, 1, 1, 1}, x, x);
    const auto down = backend->preferred({3, 2, 1, 1}, x, narrow);
    for (const Layout& met : {same.first, same.second, down.first, down.second}) CHECK(met == layout);
  }
}

TEST_CASE("a repeated call prepares nothing new, and another thread count is served") {
  const auto backend = onednn();
  if (!backend) return;
  const Case c = convolution_case({{3, 2, 1, 1}, {4, 16, 15, 15}, 32, {16}, {16}}).forward;
  const Values before = initial_values(c);
  const Values result = run_case(*backend, c, before);
  const int threads = thread_count();
  for (const int count : {1, 3, threads}) {
    set_thread_count(count);
    const Values again = run_case(*backend, c, before);
    CHECK(difference(again[2], result[2], tolerance(DType::kF32)) == "");
  }
  set_thread_count(threads);
  CHECK(same_bits(run_case(*backend, c, before), result));
}

TEST_CASE("batch norm and PReLU give the same bits on any number of threads") {
  const auto backend = onednn();
  if (!backend) return;
  std::vector<Case> cases;
  for (const DifferentiableCase& d :
       {batch_norm_case({{6, 32, 19, 17}, {16}, true, true}),
        batch_norm_case({{6, 7, 40, 40}, {}, true, false}), batch_norm_case({{300, 64, 1, 1}}),
        prelu_case({6, 32, 19, 17}, {16})}) {
    cases.push_back(d.forward);
    cases.insert(cases.end(), d.backward.begin(), d.backward.end());
  }
  const int threads = thread_count();
  for (const Case& c : cases) {
    INFO(c.name);
    const Values before = initial_values(c);
    set_thread_count(1);
    const Values alone = run_case(*backend, c, before);
    set_thread_count(3);
    CHECK(same_bits(run_case(*backend, c, before), alone));
  }
  set_thread_count(threads);
}
