// What a plan promises, looked at from outside: memory, reorders, fusion, and steps that allocate nothing.
#include "nn/plan.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

#include "contrary_backend.h"
#include "gradient.h"
#include "support/backends.h"

using namespace fr;

namespace {
std::atomic<int64_t> large_allocations = 0;
constexpr size_t kLarge = 4096;

void* allocate(size_t bytes, size_t alignment) {
  if (bytes >= kLarge) ++large_allocations;
  void* memory = nullptr;
  if (posix_memalign(&memory, std::max(alignment, sizeof(void*)), std::max<size_t>(bytes, 1)) != 0) {
    throw std::bad_alloc();
  }
  return memory;
}
}  // namespace

void* operator new(size_t bytes) { return allocate(bytes, alignof(std::max_align_t)); }
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  return allocate(bytes, alignof(std::max_align_t));
}
void* operator new(size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }

TEST_CASE("values that live together never share memory, and no memory is lost between them") {
  for (const auto& backend_name : test::usable_backends()) {
    const auto backend = make_backend(backend_name);
    for (const bool training : {false, true}) {
      const Graph graph = Registry<NetworkKind>::instance().find("iresnet34")({});
      const NetworkPlan plan = make_plan(graph, *backend, {.n = 3, .training = training});
      std::vector<PlannedValue> values;
      std::ranges::copy_if(plan.values, std::back_inserter(values),
                           [](const PlannedValue& v) { return v.place == PlannedValue::kArena; });
      const auto bytes = [](const PlannedValue& v) { return v.shape.count() * size_of(v.dtype); };
      int64_t overlaps = 0, most = 0;
      for (const PlannedValue& a : values) {
        int64_t alive = 0;  // bytes at the time a is written
        for (const PlannedValue& b : values) {
          if (b.first <= a.first && a.first <= b.last) alive += bytes(b);
          if (&a == &b || a.last < b.first || b.last < a.first) continue;
          overlaps += a.offset < b.offset + bytes(b) && b.offset < a.offset + bytes(a);
        }
        CHECK(a.offset + bytes(a) <= plan.arena);
        most = std::max(most, alive);
      }
      CHECK(overlaps == 0);
      CHECK(static_cast<double>(plan.arena) <= 1.02 * static_cast<double>(most));
    }
  }
}

TEST_CASE("an iresnet runs as convolutions, fused batch norms and one linear layer, without a reorder") {
  for (const auto& backend_name : test::usable_backends()) {
    const auto backend = make_backend(backend_name);
    // But for that of the images, which come in f32 and NCHW and are rows of pixels on a GPU.
    const int64_t reorders = backend->device() == Device::kCuda ? 1 : 0;
    const Graph graph = Registry<NetworkKind>::instance().find("iresnet50")({});
    const NetworkPlan plan = make_plan(graph, *backend, {.n = 2, .training = true});
    CHECK(plan.reorders == reorders);
    const auto count = [&](Step::Kind kind) { return std::ranges::count(plan.steps, kind, &Step::kind); };
    const auto nodes = [&](Op op) { return std::ranges::count(graph.nodes(), op, &Node::op); };
    CHECK(count(Step::kConv) == nodes(Op::kConv));
    CHECK(count(Step::kBatchNorm) == nodes(Op::kBatchNorm));
    CHECK(count(Step::kLinear) == 1);
    CHECK(plan.steps.size() == static_cast<size_t>(nodes(Op::kConv) + nodes(Op::kBatchNorm) + 1 + reorders));
    // One sum a block: what comes through the residual branch and what comes through the shortcut.
    int64_t sums = 0;
    for (const BackwardStep& b : plan.backward) sums += static_cast<int64_t>(b.sums.size());
    CHECK(sums == 3 + 4 + 14 + 3);
  }
}

TEST_CASE("a frozen network is convolutions, the batch norms they cannot take, and one linear layer") {
  for (const auto& backend_name : test::usable_backends()) {
    const auto backend = make_backend(backend_name);
    for (const std::string name : {"iresnet100", "mobilefacenet"}) {
      const Graph graph = Registry<NetworkKind>::instance().find(name)({});
      const NetworkPlan plan = make_plan(graph, *backend, {.n = 1, .frozen = true});
      const auto count = [&](Step::Kind kind) { return std::ranges::count(plan.steps, kind, &Step::kind); };
      CHECK(count(Step::kFrozenConv) == std::ranges::count(graph.nodes(), Op::kConv, &Node::op));
      CHECK(count(Step::kFrozenLinear) == 1);
      // In front of each block's first convolution the padding is in the way.
      CHECK(count(Step::kBatchNorm) == (name == "iresnet100" ? 3 + 13 + 30 + 3 : 0));
      CHECK(static_cast<int64_t>(plan.steps.size()) ==
            count(Step::kFrozenConv) + count(Step::kBatchNorm) + count(Step::kReorder) + 1);
      // Four of the largest values at the most.
      int64_t largest = 0;
      for (const PlannedValue& v : plan.values) largest = std::max(largest, v.shape.count());
      CHECK(plan.arena <= 4 * largest * size_of(DType::kF32));
    }
  }
}

TEST_CASE("mobilefacenet needs two reorders at the most") {
  for (const auto& backend_name : test::usable_backends()) {
    const auto backend = make_backend(backend_name);
    const Graph graph = Registry<NetworkKind>::instance().find("mobilefacenet")({});
    for (const bool training : {false, true})
      CHECK(make_plan(graph, *backend, {.n = 2, .training = training}).reorders <= 2);
  }
}

TEST_CASE("every registered network runs on fast kernels alone" * doctest::test_suite("slow")) {
  const auto backend = make_backend("cpu");
  for (const std::string& name : Registry<NetworkKind>::instance().names()) {
    if (name.starts_with("test_") || name == "iresnet200") continue;  // of the same layers as iresnet100
    Network network(name, {.embedding_size = 16}, *backend);
    network.initialise(1);
    Shape shape = network.graph().node(0).shape;
    shape.n = 2;
    const Tensor images = test::random_tensor(shape, "images");
    network.forward_train(images);
    network.backward(test::random_tensor({2, 16}, "g"));
    network.freeze();
    network.forward_eval(images);
  }
  for (const std::string& text : backend->implementations()) {
    INFO(text);
    CHECK(text.find("ref") == std::string::npos);
    CHECK(text.find("gemm") == std::string::npos);
  }
}

TEST_CASE("layouts that differ are reordered, forward and backward, and memory never overlaps") {
  test::ContraryBackend contrary;
  const auto ref = make_backend("ref");
  for (const std::string name : {"test_branches", "test_fused", "test_shared"}) {
    CAPTURE(name);
    Network a(name, {.embedding_size = 3, .dropout = 0.25f}, contrary),
        b(name, {.embedding_size = 3, .dropout = 0.25f}, *ref);
    Shape shape = a.graph().node(0).shape;
    shape.n = 4;
    const Tensor images = test::random_tensor(shape, "images"), g = test::random_tensor({4, 3}, "g");
    for (const bool inspected : {false, true}) {
      for (Network* n : {&a, &b}) {
        if (inspected) n->inspect();
        n->initialise(2);
        test::shake(*n);
        n->parameters().zero_gradients();
        n->forward_train(images);
        n->backward(g);
      }
      const auto x = a.parameters().gradients(), y = b.parameters().gradients();
      for (size_t i = 0; i < x.size(); ++i) CHECK(x[i] == doctest::Approx(y[i]).epsilon(1e-5));
      if (inspected) a.freeze();
      const View& e = a.forward_eval(images);
      const View& f = b.forward_eval(images);
      for (size_t i = 0; i < 12; ++i) CHECK(e.floats()[i] == doctest::Approx(f.floats()[i]).epsilon(1e-5));
    }
    if (name == "test_fused") CHECK(a.reorders() > 0);
  }
}

TEST_CASE("a steady step allocates nothing large") {
  const auto backend = make_backend("cpu");
  if (backend->name() == "ref") {
    MESSAGE("skipped: built without oneDNN, and ref may allocate");
    return;
  }
  Network network("iresnet_tiny", {.embedding_size = 32}, *backend);
  network.initialise(1);
  const Tensor images = test::random_tensor({4, 3, 112, 112}, "images"),
               g = test::random_tensor({4, 32}, "g");
  const auto step = [&] {
    network.forward_train(images);
    network.backward(g);
    network.forward_eval(images);
  };
  step();
  large_allocations = 0;
  step();
  CHECK(large_allocations == 0);
  const Tensor counted({4, 32, 32});  // the counter works
  CHECK(large_allocations > 0);
}
