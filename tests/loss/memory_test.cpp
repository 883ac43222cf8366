// The head's memory, counted where it is asked for: this file replaces operator new for the whole program. A
// class costs its weight, its gradient and one norm; a row its embedding twice and one row of a tile. Nothing
// grows with rows x classes.
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "loss/head_memory.h"
#include "loss/support.h"

namespace {

std::atomic<int64_t> held{0}, most_held{0};  // bytes

void* count_new(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  const auto size = static_cast<int64_t>(malloc_usable_size(memory));
  const int64_t now = held += size;
  for (int64_t most = most_held; now > most && !most_held.compare_exchange_weak(most, now);) continue;
  return memory;
}

void count_delete(void* memory) {
  held -= static_cast<int64_t>(malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace

void* operator new(size_t size) { return count_new(std::malloc(size)); }
void* operator new(size_t bytes, const std::nothrow_t&) noexcept { return count_new(std::malloc(bytes)); }
void* operator new(size_t size, std::align_val_t alignment) {
  const auto unit = static_cast<size_t>(alignment);
  return count_new(std::aligned_alloc(unit, (size + unit - 1) / unit * unit));
}
void operator delete(void* memory) noexcept { count_delete(memory); }
void operator delete(void* memory, size_t) noexcept { count_delete(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { count_delete(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { count_delete(memory); }

using namespace fr;
using namespace fr::test;

namespace {

constexpr int64_t kD = 16, kTile = 64;

// Bytes held at most at one time while a head is made and used once.
int64_t peak_of(LossOptions options, int64_t n, int64_t classes) {
  const auto backend = make_backend("ref");
  const Tensor x = Tensor::zeros({n, kD}), dx({n, kD});
  std::ranges::fill(x.floats(), 1.0f);
  const std::vector<int32_t> labels(static_cast<size_t>(n), 1);
  options.embedding_size = kD;
  options.classes = classes;
  options.tile = kTile;
  const int64_t before = held;
  most_held = before;
  const auto loss = make_loss(options, *backend);
  loss->initialise(1);
  loss->forward_backward(x, labels, dx);
  return most_held - before;
}

int64_t peak_of(const std::string& name, int64_t n, int64_t classes) {
  LossOptions options;
  options.name = name;
  return peak_of(options, n, classes);
}

}  // namespace

TEST_CASE("memory is that of the parameters, the embeddings and one tile") {
  const OneThread one;
  constexpr int64_t kFloat = sizeof(float), kSlack = 4 * 4096;  // large arrays are rounded up to pages
  for (const std::string name : {"arcface", "softmax"}) {
    INFO(name);
    const int64_t base = peak_of(name, 128, 1000);
    // Weight and gradient, bias and its gradient, norm.
    CHECK(peak_of(name, 128, 9000) - base <= 8000 * (2 * kD + 3) * kFloat + kSlack);
    // Two embeddings, a row of the tile, and at most 32 numbers for the row's loss.
    CHECK(peak_of(name, 256, 1000) - base <= 128 * (2 * kD + kTile + 32) * kFloat + kSlack);
    // The counter counts.
    CHECK(base >= 1000 * 2 * kD * kFloat);
  }
}

TEST_CASE("memory is what the plan says") {
  const OneThread one;
  constexpr int64_t kRows = 128, kClasses = 9000;
  for (const std::string name : {"arcface", "softmax"})
    for (const bool sgd : {false, true})
      for (const double sample : {1.0, 0.5}) {
        INFO(name, " sgd ", sgd, " sample ", sample);
        LossOptions options;
        options.name = name;
        options.sample = sample;
        if (sgd) options.sgd = SgdOptions{};
        const HeadMemory plan = head_memory({.classes = kClasses,
                                             .d = kD,
                                             .rows = kRows,
                                             .tile = kTile,
                                             .sampled = sample < 1 ? kClasses / 2 : 0,
                                             .normalise = name != "softmax",
                                             .bias = name == "softmax",
                                             .sgd = sgd});
        const int64_t peak = peak_of(options, kRows, kClasses);
        // The reference product's scratch, names, and arrays rounded up.
        CHECK(peak <= plan.total() + 40'000);
        CHECK(peak >= plan.total() - 2'000);
      }
}
