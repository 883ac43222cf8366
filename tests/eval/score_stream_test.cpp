// stream_scores and its sinks against every pair scored by the plain loop and sorted; the 8-bit screen, tile
// sizes and thread counts must not change a bit.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/parallel.h"
#include "core/random.h"
#include "eval/pair_score.h"
#include "eval/score_ranks.h"
#include "eval/score_screen.h"
#include "eval/score_sinks.h"
#include "eval/score_stream.h"
#include "support/support.h"

namespace fr {
namespace {

struct Rows {
  int64_t count = 0, dim = 0;
  std::vector<float> values;  // (count, dim)
  const float* row(int64_t i) const { return values.data() + i * dim; }
  float* row(int64_t i) { return values.data() + i * dim; }
  RowSet set() const {
    return {count, dim, [this](int64_t i, float* to) { std::copy_n(row(i), dim, to); }};
  }
};

void make_unit(float* row, int64_t dim) {
  double sum = 0;
  for (int64_t k = 0; k < dim; ++k) sum += static_cast<double>(row[k]) * row[k];
  if (sum == 0) return;
  for (int64_t k = 0; k < dim; ++k) row[k] = static_cast<float>(row[k] / std::sqrt(sum));
}

// Unit rows of independent normal values; component 0 … leading-1 times `stretch`.
Rows random_rows(const char* name, int64_t count, int64_t dim, float stretch = 1, int64_t leading = 0) {
  Rows rows{count, dim, std::vector<float>(static_cast<size_t>(count * dim))};
  RandomStream stream(7, name);
  for (float& value : rows.values) value = stream.next_normal();
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t k = 0; k < leading; ++k) rows.row(i)[k] *= stretch;
    make_unit(rows.row(i), dim);
  }
  return rows;
}

struct Case {
  std::string name;
  Rows probes, gallery;
};

// A gallery in which every row is one of a few, and zero rows on both sides: ties everywhere.
Case tied() {
  Case c{"tied", random_rows("p", 50, 24), random_rows("g", 700, 24)};
  for (int64_t i = 0; i < 700; ++i) std::copy_n(c.gallery.row(i % 5), 24, c.gallery.row(i));
  for (int64_t i = 0; i < 50; i += 2) std::copy_n(c.probes.row(0), 24, c.probes.row(i));
  std::fill_n(c.probes.row(7), 24, 0.0f);
  std::fill_n(c.gallery.row(11), 24, 0.0f);
  return c;
}

// Scores within a few units of the last place of each other: rows near one direction.
Case crowded() {
  Case c{"crowded", random_rows("p", 64, 40), random_rows("g", 900, 40)};
  for (Rows* rows : {&c.probes, &c.gallery}) {
    for (int64_t i = 0; i < rows->count; ++i) {
      for (int64_t k = 0; k < 40; ++k) rows->row(i)[k] = (k == 3 ? 1.0f : 0.0f) + 1e-4f * rows->row(i)[k];
      make_unit(rows->row(i), 40);
    }
  }
  return c;
}

std::vector<Case> cases() {
  std::vector<Case> all;
  all.push_back({"random", random_rows("p", 101, 64), random_rows("g", 1501, 64)});
  all.push_back({"one of each", random_rows("p", 1, 1), random_rows("g", 1, 1)});
  all.push_back({"prime", random_rows("p", 13, 37), random_rows("g", 263, 37)});
  all.push_back(
      {"one large component", random_rows("p", 40, 128, 200, 1), random_rows("g", 600, 128, 200, 1)});
  all.push_back({"anisotropic", random_rows("p", 60, 96, 8, 6), random_rows("g", 800, 96, 8, 6)});
  all.push_back(tied());
  all.push_back(crowded());
  Case duplicated{"duplicated", random_rows("p", 70, 512), random_rows("g", 800, 512)};
  for (int64_t i = 0; i < 70; ++i) std::copy_n(duplicated.gallery.row(i * 3), 512, duplicated.probes.row(i));
  all.push_back(std::move(duplicated));
  return all;
}

// Everything the sinks give, as plain lists.
struct Outcome {
  std::vector<float> tail, tail_of_others;
  std::vector<std::vector<TopKSink::Hit>> top, nearest_other;
  std::vector<std::vector<std::array<int64_t, 2>>> ranks;
  std::vector<int64_t> histogram;
  bool operator==(const Outcome&) const = default;
};

constexpr int64_t kTail = 37, kTop = 5;

Subjects subjects(const Case& c) {
  Subjects s;
  for (int64_t i = 0; i < c.probes.count; ++i) s.probes.push_back(i % 9);
  for (int64_t j = 0; j < c.gallery.count; ++j) s.gallery.push_back(j % 31);
  return s;
}

// Scores whose ranks are asked for: those of gallery rows 0, 3, 6 and one that nobody reaches.
std::vector<std::vector<float>> marks(const Case& c) {
  std::vector<std::vector<float>> all;
  for (int64_t i = 0; i < c.probes.count; ++i) {
    auto& of = all.emplace_back();
    if (i % 4 == 3) continue;
    for (int64_t j = 0; j < std::min<int64_t>(c.gallery.count, 9); j += 3) {
      of.push_back(pair_score(c.probes.row(i), c.gallery.row(j), c.probes.dim));
    }
    of.push_back(1.5f);
  }
  return all;
}

Outcome brute_force(const Case& c) {
  Outcome out;
  const Subjects people = subjects(c);
  const auto asked = marks(c);
  const auto better = [](const TopKSink::Hit& a, const TopKSink::Hit& b) {
    return a.score != b.score ? a.score > b.score : a.gallery < b.gallery;
  };
  out.histogram.resize(static_cast<size_t>(HistogramSink::kBins));
  for (int64_t i = 0; i < c.probes.count; ++i) {
    std::vector<TopKSink::Hit> row, others;
    for (int64_t j = 0; j < c.gallery.count; ++j) {
      const float score = pair_score(c.probes.row(i), c.gallery.row(j), c.probes.dim);
      row.push_back({score, j});
      if (!people.same(i, j)) others.push_back({score, j});
      out.tail.push_back(score);
      if (!people.same(i, j)) out.tail_of_others.push_back(score);
      ++out.histogram[static_cast<size_t>(HistogramSink::bin(score))];
    }
    auto& ranks = out.ranks.emplace_back();
    for (const float mark : asked[static_cast<size_t>(i)]) {
      std::array<int64_t, 2> above{};
      for (const auto& hit : row) {
        above[0] += hit.score >= mark;
        above[1] += hit.score > mark;
      }
      ranks.push_back(above);
    }
    std::sort(row.begin(), row.end(), better);
    std::sort(others.begin(), others.end(), better);
    if (std::ssize(row) > kTop) row.resize(kTop);
    if (std::ssize(others) > 1) others.resize(1);
    out.top.push_back(row);
    out.nearest_other.push_back(others);
  }
  for (auto* tail : {&out.tail, &out.tail_of_others}) {
    std::sort(tail->begin(), tail->end(), std::greater<>());
    if (std::ssize(*tail) > kTail) tail->resize(kTail);
  }
  return out;
}

Outcome streamed(const Case& c, const StreamOptions& options, bool with_histogram) {
  const auto asked = marks(c);
  TailSink tail(kTail), others(kTail, subjects(c));
  TopKSink top(c.probes.count, kTop), nearest(c.probes.count, 1, subjects(c));
  RankSink ranks(asked);
  HistogramSink histogram;
  std::vector<ScoreSink*> sinks = {&tail, &others, &top, &nearest, &ranks};
  std::vector<TileSink*> tiles;
  if (with_histogram) tiles.push_back(&histogram);
  const StreamFigures figures = stream_scores(c.probes.set(), c.gallery.set(), sinks, tiles, options);
  CHECK(figures.pairs == c.probes.count * c.gallery.count);
  Outcome out{tail.largest(), others.largest(), {}, {}, {}, histogram.counts()};
  for (int64_t i = 0; i < c.probes.count; ++i) {
    out.top.push_back(top.best(i));
    out.nearest_other.push_back(nearest.best(i));
    auto& of = out.ranks.emplace_back();
    for (const float mark : asked[static_cast<size_t>(i)]) {
      const RankSink::Above above = ranks.above(i, mark);
      of.push_back({above.at_least, above.more});
    }
  }
  return out;
}

struct Threads {
  explicit Threads(int count) : before(thread_count()) { set_thread_count(count); }
  ~Threads() { set_thread_count(before); }
  int before;
};

}  // namespace

TEST_CASE("stream_scores: every sink equals the sorted brute force, whatever threads, tiles and arithmetic") {
  for (const Case& c : cases()) {
    const Outcome expected = brute_force(c);
    for (const int threads : {1, 2, 4}) {
      const Threads set(threads);
      for (const auto& [probe_block, gallery_block] : {std::pair{96, 2048}, {6, 16}, {24, 512}}) {
        for (const Arith arith : {Arith::kF32, Arith::kInt8Screen}) {
          const StreamOptions options{
              .arith = arith, .probe_block = probe_block, .gallery_block = gallery_block};
          Outcome got = streamed(c, options, arith == Arith::kF32);
          if (arith == Arith::kInt8Screen) got.histogram = expected.histogram;
          const std::string& name = c.name;
          CAPTURE(name);
          CAPTURE(threads);
          CAPTURE(options.probe_block);
          CHECK(got.tail == expected.tail);
          CHECK(got.tail_of_others == expected.tail_of_others);
          CHECK(got.top == expected.top);
          CHECK(got.nearest_other == expected.nearest_other);
          CHECK(got.ranks == expected.ranks);
          CHECK(got.histogram == expected.histogram);
        }
      }
    }
  }
}

TEST_CASE("scores_at_ranks: any rank equals the sorted brute force") {
  for (const Case& c : cases()) {
    const Subjects people = subjects(c);
    std::vector<float> scores;
    for (int64_t i = 0; i < c.probes.count; ++i) {
      for (int64_t j = 0; j < c.gallery.count; ++j) {
        if (!people.same(i, j)) scores.push_back(pair_score(c.probes.row(i), c.gallery.row(j), c.probes.dim));
      }
    }
    std::sort(scores.begin(), scores.end(), std::greater<>());
    const int64_t n = std::ssize(scores);
    const std::vector<int64_t> ranks = {0, 1, n / 1000, n / 10, n / 2, std::max<int64_t>(n - 1, 0), n, n + 5};
    const std::vector<RankedScore> got = scores_at_ranks(c.probes.set(), c.gallery.set(), ranks, people);
    for (size_t i = 0; i < ranks.size(); ++i) {
      const std::string& name = c.name;
      CAPTURE(name);
      CAPTURE(ranks[i]);
      if (ranks[i] >= n) {
        CHECK(got[i].score == -std::numeric_limits<float>::infinity());
        CHECK(got[i].above == n);
        continue;
      }
      const float expected = scores[static_cast<size_t>(ranks[i])];
      CHECK(got[i].score == expected);
      CHECK(got[i].above ==
            std::count_if(scores.begin(), scores.end(), [=](float s) { return s > expected; }));
    }
  }
}

TEST_CASE("stream_scores: a stream that was stopped goes on where it was, to the same end") {
  const test::ScratchFolder folder;
  const Case c{"resumed", random_rows("p", 60, 32), random_rows("g", 900, 32)};
  const auto asked = marks(c);
  const std::filesystem::path file = folder.path() / "state", kept = folder.path() / "kept";
  StreamOptions options{.arith = Arith::kF32,
                        .gallery_block = 160,
                        .resume_file = file.string(),
                        .resume_key = "one",
                        .resume_seconds = 0};
  std::atomic<int64_t> reads = 0;
  // While row 700 is read, four blocks are done: what is on disk then is what a killed run leaves.
  RowSet gallery = c.gallery.set();
  gallery.read = [&](int64_t i, float* row) {
    if (i == 700 && !std::filesystem::exists(kept)) std::filesystem::copy_file(file, kept);
    ++reads;
    std::copy_n(c.gallery.row(i), 32, row);
  };
  const auto run = [&] {
    TailSink tail(kTail);
    TopKSink top(60, kTop);
    RankSink ranks(asked);
    HistogramSink histogram;
    ScoreSink* const sinks[] = {&tail, &top, &ranks};
    TileSink* const tiles[] = {&histogram};
    stream_scores(c.probes.set(), gallery, sinks, tiles, options);
    Outcome out{tail.largest(), {}, {}, {}, {}, histogram.counts()};
    for (int64_t i = 0; i < 60; ++i) {
      out.top.push_back(top.best(i));
      auto& of = out.ranks.emplace_back();
      for (const float mark : asked[static_cast<size_t>(i)]) {
        of.push_back({ranks.above(i, mark).at_least, ranks.above(i, mark).more});
      }
    }
    return out;
  };
  const Outcome whole = run();
  CHECK(reads == 900);
  reads = 0;
  CHECK(run() == whole);
  CHECK(reads == 0);

  std::filesystem::copy_file(kept, file, std::filesystem::copy_options::overwrite_existing);
  reads = 0;
  CHECK(run() == whole);
  CHECK(reads == 900 - 4 * 160);

  options.resume_key = "another";
  CHECK_THROWS_WITH_AS(run(), doctest::Contains("is of another run"), Error);
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 3);
  CHECK_THROWS_WITH_AS(run(), doctest::Contains((file.string() + ": ").c_str()), Error);
}

TEST_CASE("stream_scores: the screen keeps most pairs of a spread gallery from being scored") {
  if (!has_int8_kernel()) return;
  const Case c{"spread", random_rows("p", 96, 512), random_rows("g", 20'000, 512)};
  TopKSink top(c.probes.count, 1);
  std::vector<ScoreSink*> sinks = {&top};
  const StreamFigures figures =
      stream_scores(c.probes.set(), c.gallery.set(), sinks, {}, {.arith = Arith::kInt8Screen});
  CHECK(figures.screened > figures.pairs * 8 / 10);
}

TEST_CASE("stream_scores: refuses sides of different dim, and takes empty ones") {
  const Rows probes = random_rows("p", 3, 8), gallery = random_rows("g", 3, 9), none{0, 8, {}};
  TailSink tail(5);
  std::vector<ScoreSink*> sinks = {&tail};
  CHECK_THROWS_WITH_AS(stream_scores(probes.set(), gallery.set(), sinks),
                       "probes have 8 values a row, the gallery 9", Error);
  CHECK(stream_scores(probes.set(), none.set(), sinks).pairs == 0);
  CHECK(tail.largest().empty());
}

TEST_CASE("multiply_codes: the largest codes do not overflow, and equal the plain loop") {
  if (!has_int8_kernel()) return;
  constexpr int64_t quads = 132;
  for (const int pattern : {0, 1, 2}) {
    std::vector<uint8_t> a(quads * 24);
    std::vector<int8_t> b(quads * 64);
    RandomStream stream(3, "codes");
    for (uint8_t& code : a) code = pattern == 2 ? static_cast<uint8_t>(1 + stream.next_below(127)) : 127;
    for (int8_t& code : b) {
      code = pattern == 0   ? int8_t{kMostGalleryCode}
             : pattern == 1 ? int8_t{-kMostGalleryCode}
                            : static_cast<int8_t>(static_cast<int>(stream.next_below(65)) - 32);
    }
    std::vector<int32_t> products(96);
    multiply_codes(quads, a.data(), reinterpret_cast<const uint8_t*>(b.data()), products.data(), 16);
    for (int64_t r = 0; r < 6; ++r) {
      for (int64_t col = 0; col < 16; ++col) {
        int32_t sum = 0;
        for (int64_t q = 0; q < quads; ++q) {
          for (int64_t i = 0; i < 4; ++i) {
            sum +=
                a[static_cast<size_t>((q * 6 + r) * 4 + i)] * b[static_cast<size_t>((q * 16 + col) * 4 + i)];
          }
        }
        CHECK(products[static_cast<size_t>(r * 16 + col)] == sum);
      }
    }
  }
}

}  // namespace fr
