#include <doctest/doctest.h>

#include <atomic>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "core/parallel.h"
#include "core/parameters.h"
#include "core/random.h"
#include "core/registry.h"
#include "support/support.h"

using namespace fr;

namespace {
struct ToyKind {
  static constexpr const char* name = "toy";
  using Factory = int (*)();
};
}  // namespace

TEST_CASE("a registry finds by name, lists what it knows, refuses duplicates") {
  Registry<ToyKind> registry;
  registry.add("one", [] { return 1; });
  CHECK(registry.find("one")() == 1);
  CHECK_THROWS_WITH_AS(registry.add("one", [] { return 2; }), "toy 'one' is registered twice", Error);
  CHECK_THROWS_WITH_AS(registry.find("two"), "unknown toy 'two' (known: one)", Error);
}

TEST_CASE("random streams depend on seed, name, index and counter only") {
  RandomStream a(7, "weights"), b(7, "weights"), c(7, "other"), d(8, "weights"), e(7, "weights", 1);
  CHECK(a.bits(5) == b.bits(5));
  CHECK(a.bits(5) != c.bits(5));
  CHECK(a.bits(5) != d.bits(5));
  CHECK(a.bits(5) != e.bits(5));
  double sum = 0, squares = 0;
  for (uint64_t i = 0; i < 100000; ++i) {
    const double x = a.normal(i);
    sum += x;
    squares += x * x;
  }
  CHECK(sum / 1e5 == doctest::Approx(0).epsilon(0.02).scale(1));
  CHECK(squares / 1e5 == doctest::Approx(1).epsilon(0.02));
  std::vector<int> histogram(10);
  for (uint64_t i = 0; i < 10000; ++i) ++histogram[a.below(i, 10)];
  for (int count : histogram) CHECK(count > 850);
}

TEST_CASE("many random words at once are those of their counters") {
  const RandomStream stream(7, "weights", uint64_t{5} << 40);
  constexpr uint64_t first = 0xFFFFFFF0;  // the counter passes 32 bits
  for (const size_t blocks : {1u, 15u, 16u, 17u, 40u}) {
    std::vector<uint32_t> words(4 * blocks), one(4);
    stream.fill(first, words);
    for (size_t i = 0; i < blocks; ++i) {
      stream.fill(first + i, one);
      CHECK(words[4 * i] == stream.bits(first + i));
      CHECK(std::equal(one.begin(), one.end(), words.begin() + static_cast<std::ptrdiff_t>(4 * i)));
    }
  }
}

TEST_CASE("an atomic file appears whole or not at all") {
  test::ScratchFolder scratch;
  write_file(scratch / "a", "old");
  {
    AtomicFile file(scratch / "a");
    file.write(std::string_view("new"));
  }
  CHECK(read_text(scratch / "a") == "old");
  write_file(scratch / "deep/er/a", "new");
  CHECK(read_text(scratch / "deep/er/a") == "new");
  CHECK(std::distance(std::filesystem::directory_iterator(scratch.path()), {}) == 2);
  CHECK_THROWS_AS(read_text(scratch / "none"), Error);
}

TEST_CASE("lines and numbers") {
  std::vector<std::string> lines;
  for_each_line("a\r\nb\n\nc", [&](std::string_view line, int64_t) { lines.emplace_back(line); });
  CHECK(lines == std::vector<std::string>{"a", "b", "", "c"});
  CHECK(split_blanks(" a\tb  c ") == std::vector<std::string_view>{"a", "b", "c"});
  CHECK(split("1, x/y , 2", ',') == std::vector<std::string_view>{"1", "x/y", "2"});
  CHECK(parse_int("-12", "here") == -12);
  CHECK_THROWS_WITH_AS(parse_int("12x", "list:3"), "list:3: '12x' is not a number", Error);
}

TEST_CASE("ranges cover everything once") {
  std::vector<std::atomic<int>> seen(1003);
  parallel_ranges(1003, 10, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) ++seen[static_cast<size_t>(i)];
  });
  for (auto& count : seen) CHECK(count == 1);
}

TEST_CASE("parameters lie apart in flat, zeroed buffers") {
  Parameters parameters;
  parameters.add("weight", {3, 5});
  parameters.add("running", {7}, false);
  parameters.allocate();
  CHECK(parameters.slice("running").offset == 16);
  CHECK(parameters.trainable_count() == 15);
  CHECK(parameters.values(parameters.slice("weight")).size() == 15);
  CHECK_THROWS_AS(parameters.slice("none"), Error);
}
