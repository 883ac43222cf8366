// stream_scores and its sinks against every pair scored by the plain loop and sorted; the 8-bit screen, tile
// sizes and thread counts must not change a bit.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/parallel.h"
#include "core/random.h"
#include "eval/pair_score.h"
#include "eval/score_cases.h"
#include "eval/score_ranks.h"
#include "eval/score_screen.h"
#include "eval/score_sinks.h"
#include "eval/score_stream.h"
#include "support/support.h"

namespace fr {
namespace {

struct Threads {
  explicit Threads(int count) : before(thread_count()) { set_thread_count(count); }
  ~Threads() { set_thread_count(before); }
  int before;
};

}  // namespace

TEST_CASE("stream_scores: every sink equals the sorted brute force, whatever threads, tiles and arithmetic") {
  for (const ScoreCase& c : cases()) {
    const Outcome expected = brute_force(c);
    for (const int threads : {1, 2, 4}) {
      const Threads set(threads);
      for (const auto& [probe_block, gallery_block] : {std::pair{96, 2048}, {6, 16}, {24, 512}}) {
        for (const Arith arith : {Arith::kF32, Arith::kInt8Screen}) {
          const StreamOptions options{
              .arith = arith, .probe_block = probe_block, .gallery_block = gallery_block};
          Outcome got = streamed(c, options, arith == Arith::kF32, stream_scores);
          if (arith == Arith::kInt8Screen) got.histogram = expected.histogram;
          const std::string& name = c.name;
          CAPTURE(name);
          CAPTURE(threads);
          CAPTURE(options.probe_block);
          check_same(got, expected);
        }
      }
    }
  }
}

TEST_CASE("scores_at_ranks: any rank equals the sorted brute force") {
  for (const ScoreCase& c : cases()) {
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
  const ScoreCase c{"resumed", random_rows("p", 60, 32), random_rows("g", 900, 32)};
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
  const ScoreCase c{"spread", random_rows("p", 96, 512), random_rows("g", 20'000, 512)};
  TopKSink top(c.probes.count, 1);
  std::vector<ScoreSink*> sinks = {&top};
  const StreamFigures figures =
      stream_scores(c.probes.set(), c.gallery.set(), sinks, {}, {.arith = Arith::kInt8Screen});
  CHECK(figures.screened > figures.pairs * 8 / 10);
}

TEST_CASE("stream_scores: the screen is left where most scores are hits, and taken up again where few are") {
  if (!has_int8_kernel()) return;
  constexpr int64_t dim = 64, dense = 4096, sparse = 12'288;
  // The first rows score ever more with every probe, up to more than any of the others.
  ScoreCase c{"dense, then sparse", random_rows("p", 48, dim, 30, 1), random_rows("g", dense + sparse, dim)};
  for (int64_t i = 0; i < c.probes.count; ++i) c.probes.row(i)[0] = std::fabs(c.probes.row(i)[0]);
  for (int64_t i = 0; i < dense; ++i) {
    const float score = 0.1f + 0.5f * static_cast<float>(i) / static_cast<float>(dense);
    std::fill_n(c.gallery.row(i), dim, 0.0f);
    c.gallery.row(i)[0] = score;
  }
  const int threads = thread_count();
  set_thread_count(2);  // both of which have tiles
  TopKSink screened(c.probes.count, 1), whole(c.probes.count, 1);
  ScoreSink *const some[] = {&screened}, *const all[] = {&whole};
  const StreamFigures figures = stream_scores(c.probes.set(), c.gallery.set(), some, {},
                                              {.arith = Arith::kInt8Screen, .gallery_block = 128});
  stream_scores(c.probes.set(), c.gallery.set(), all, {}, {.arith = Arith::kF32});
  set_thread_count(threads);
  for (int64_t i = 0; i < c.probes.count; ++i) CHECK(screened.best(i) == whole.best(i));
  CHECK(figures.screened <= sparse * c.probes.count);
  CHECK(figures.screened > sparse * c.probes.count * 7 / 10);
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

TEST_CASE("TailSink: scores that count to the bin above them are not cut off") {
  constexpr int64_t kMany = 5000;
  for (const float edge : {0.25f, -0.5f, 1.0f / 16384}) {
    TailSink tail(64);
    const float score = std::nextafter(edge, -1.0f);
    for (int64_t i = 0; i < kMany; ++i) {
      if (score >= tail.cut(0)) tail.take_one(i, 0, score, 0);
    }
    CHECK(tail.largest() == std::vector<float>(64, score));
    TailSink larger(kMany);  // reaches its cut by bins alone
    for (int64_t i = 0; i < 2 * kMany; ++i) {
      if (score >= larger.cut(0)) larger.take_one(i, 0, score, 0);
    }
    CHECK(larger.cut(0) <= score);
    CHECK(larger.cut(0) > score - 1e-3f);
    CHECK(larger.largest() == std::vector<float>(kMany, score));
  }
}

TEST_CASE("TailSink keeps the largest of random, rising and falling scores, by whichever thread they come") {
  const Threads set(3);
  constexpr size_t kScores = 200'000, kColumns = 100;
  std::vector<float> scores(kScores);
  RandomStream random(1, "tail");
  for (float& score : scores)  // of 2^17 values, so that many tie
    score = static_cast<float>(random.next_bits() >> 15) * 0x1p-16f - 1;
  std::vector<float> falling = scores, rising;
  std::sort(falling.begin(), falling.end(), std::greater<>());
  rising.assign(falling.rbegin(), falling.rend());
  std::vector<int32_t> columns;
  for (const std::vector<float>* order : {&scores, &falling, &rising}) {
    for (const int64_t k : {1, 433, 5000, 60'000, 300'000}) {
      TailSink tail(k);
      for (size_t begin = 0; begin < kScores; begin += kColumns) {
        columns.clear();
        for (size_t c = 0; c < kColumns; ++c) {
          if ((*order)[begin + c] >= tail.cut(0)) columns.push_back(static_cast<int32_t>(c));
        }
        tail.take({0, static_cast<int64_t>(begin), order->data() + begin, columns},
                  static_cast<int>(begin / kColumns % 3));
      }
      CAPTURE(k);
      const auto expected = std::min(static_cast<size_t>(k), kScores);
      CHECK(tail.largest() == std::vector(falling.begin(), falling.begin() + static_cast<int64_t>(expected)));
    }
  }
}

TEST_CASE("screen_tile: a pair passes at its own score, whatever the values of its rows") {
  if (!has_int8_kernel()) return;
  constexpr int64_t count = 12;
  for (const int64_t dim : {1, 5, 130, 300, 512}) {
    // One value, all of one size and sign, all of one size, normal; of lengths whose squares vanish as well.
    Rows rows = random_rows("r", 4 * count, dim);
    for (int64_t i = 0; i < rows.count; ++i) {
      const float size = std::pow(10.0f, static_cast<float>(-6 * (i / 4 % 7)));
      for (int64_t k = 0; k < dim; ++k) {
        float& value = rows.row(i)[k];
        value = size * (i % 4 == 0   ? static_cast<float>(k == i % dim)
                        : i % 4 == 1 ? 1.0f
                        : i % 4 == 2 ? std::copysign(1.0f, value)
                                     : value);
      }
    }
    CodedPanels probes(rows.count, dim, kProbePanel), gallery(rows.count, dim, kGalleryPanel);
    probes.code(rows.set(), 0, rows.count);
    gallery.code(rows.set(), 0, rows.count);
    std::vector<float> cuts(static_cast<size_t>(rows.count));
    std::vector<std::vector<int32_t>> candidates(cuts.size());
    for (int64_t j = 0; j < rows.count; ++j) {
      for (int64_t i = 0; i < rows.count; ++i) {
        cuts[static_cast<size_t>(i)] = pair_score(rows.row(i), rows.row(j), dim);
      }
      CHECK(screen_tile(probes, gallery, {.rows = rows.count, .cols = rows.count}, dim, cuts.data(),
                        rows.count * rows.count, candidates));
      for (int64_t i = 0; i < rows.count; ++i) {
        const std::vector<int32_t>& passed = candidates[static_cast<size_t>(i)];
        CAPTURE(dim);
        CAPTURE(i);
        CAPTURE(j);
        CHECK(std::find(passed.begin(), passed.end(), static_cast<int32_t>(j)) != passed.end());
      }
    }
  }
}

TEST_CASE("screen_codes: the largest codes do not overflow; products and comparisons equal the plain loop") {
  if (!has_int8_kernel()) return;
  constexpr int64_t quads = 2 * kQuadRun + 5, runs = 3;  // the last one short
  // Most codes of one size a whole half of a run can have.
  const int even = static_cast<int>(kLongestHalf / std::sqrt(2.0 * kQuadRun));
  for (const int pattern : {0, 1, 2, 3}) {
    std::vector<int> probe(quads * 24), row(quads * 64);
    RandomStream stream(3, "codes");
    const auto below = [&](int most) {
      return static_cast<int>(stream.next_below(static_cast<uint64_t>(2 * most + 1))) - most;
    };
    for (size_t i = 0; i < probe.size(); ++i) {
      const bool alone = i / 24 % kQuadRun == 0;  // all of a half's length in the two codes of one product
      probe[i] = pattern == 3 ? (alone ? kMostProbeCode : 0) : pattern == 2 ? below(even) : even;
    }
    for (size_t i = 0; i < row.size(); ++i) {
      const bool alone = i / 64 % kQuadRun == 0;
      row[i] = pattern == 3   ? (alone ? -kMostGalleryCode : 0)
               : pattern == 2 ? below(even)
                              : (pattern == 1 ? -even : even);
    }
    std::vector<uint8_t> a, b;
    for (const int code : probe) a.push_back(static_cast<uint8_t>(code + kProbeOffset));
    for (size_t run = 0; run < runs; ++run) {
      const size_t begin = run * kQuadRun, end = std::min(begin + kQuadRun, static_cast<size_t>(quads));
      for (size_t col = 0; col < 16; ++col) {
        for (size_t half = 0; half < 2; ++half) {
          int sum = 0;
          for (size_t q = begin; q < end; ++q) {
            sum += row[(q * 16 + col) * 4 + 2 * half] + row[(q * 16 + col) * 4 + 2 * half + 1];
          }
          const auto start = static_cast<uint16_t>(-kProbeOffset * sum);
          b.push_back(static_cast<uint8_t>(start & 0xff));
          b.push_back(static_cast<uint8_t>(start >> 8));
        }
      }
      for (size_t i = begin * 64; i < end * 64; ++i) b.push_back(static_cast<uint8_t>(row[i]));
    }
    std::vector<float> step(16);
    for (float& value : step) value = 0.5f + static_cast<float>(stream.next_below(100));
    CodedProducts made;
    std::vector<float> most(6, -std::numeric_limits<float>::infinity());  // the largest estimate of each row
    const auto reaches = [&](const std::vector<float>& least) {
      return screen_codes(quads, {.a = a.data(), .b = b.data(), .step = step.data(), .least = least.data()},
                          made);
    };
    CHECK(reaches(most));
    for (size_t r = 0; r < 6; ++r) {
      for (size_t col = 0; col < 16; ++col) {
        int32_t sum = 0;
        for (size_t q = 0; q < quads; ++q) {
          for (size_t i = 0; i < 4; ++i) sum += probe[(q * 6 + r) * 4 + i] * row[(q * 16 + col) * 4 + i];
        }
        CHECK(made.products[r][col] == sum);
        most[r] = std::max(most[r], static_cast<float>(sum) * step[col]);
      }
    }
    std::vector<float> above = most;
    for (float& value : above) value = std::nextafter(value, std::numeric_limits<float>::infinity());
    CHECK(!reaches(above));
    for (size_t r = 0; r < 6; ++r) {
      std::vector<float> least = above;
      least[r] = most[r];
      CHECK(reaches(least));
      for (size_t other = 0; other < 6; ++other) CHECK((made.reaching[other] != 0) == (other == r));
      for (uint32_t bits = made.reaching[r]; bits != 0; bits &= bits - 1) {
        const int col = std::countr_zero(bits);
        CHECK(static_cast<float>(made.products[r][col]) * step[static_cast<size_t>(col)] == most[r]);
      }
      least[r] = std::numeric_limits<float>::quiet_NaN();
      CHECK(reaches(least));
      CHECK(made.reaching[r] == 0xffff);
    }
  }
}

}  // namespace fr
