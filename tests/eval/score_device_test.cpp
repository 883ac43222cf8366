// Scores on a device: the whole of eval/score_device.h runs on the CPU too, and must give the bits of the
// brute force whatever its blocks and its estimates' rounding; on a GPU it is compared with the CPU's engine.
#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "core/device_memory.h"
#include "core/error.h"
#include "eval/score_bound.h"
#include "eval/score_cases.h"
#include "eval/score_device.h"
#include "eval/score_ranks.h"
#include "support/backends.h"
#include "support/support.h"

namespace fr {
namespace {

float sum_forward(const Bf16* a, const Bf16* b, int64_t k) {
  float sum = 0;
  for (int64_t i = 0; i < k; ++i) sum += static_cast<float>(a[i]) * static_cast<float>(b[i]);
  return sum;
}

// c = a b^T by sum(a, b, k).
template <class SumOf>
GemmBf16 gemm_by(const SumOf& sum) {
  return [=](const Backend::Gemm& g, const Bf16* a, const Bf16* b, float* c) {
    CHECK(!g.transpose_a);
    CHECK(g.transpose_b);
    CHECK(g.beta == 0);
    for (int64_t r = 0; r < g.m; ++r) {
      for (int64_t j = 0; j < g.n; ++j) c[r * g.ldc + j] = sum(a + r * g.lda, b + j * g.ldb, g.k);
    }
  };
}

const GemmBf16 kForward = gemm_by(sum_forward);

// stream_scores_on a device, cut into such blocks.
auto on(Device device, const GemmBf16& gemm, const DeviceBlocks& blocks) {
  return [=](const RowSet& probes, const RowSet& gallery, std::span<ScoreSink* const> sinks,
             std::span<TileSink* const> tiles, const StreamOptions& options) {
    return stream_scores_on(device, gemm, probes, gallery, sinks, tiles, options,
                            [=](int64_t) { return blocks; });
  };
}

// Every sink equals the sorted brute force, however the stream is cut and scored.
void check_all_cuts(Device device, const GemmBf16& gemm) {
  const std::vector<DeviceBlocks> cuts = {
      {.probe_block = 1000, .gallery_block = 2000, .tile_pairs = 1 << 20, .tile_cols = 2000, .room = 1 << 21},
      // Lists overflow.
      {.probe_block = 1000, .gallery_block = 128, .tile_pairs = 640, .tile_cols = 40, .room = 640},
      {.probe_block = 17, .gallery_block = 96, .tile_pairs = 4096, .tile_cols = 64, .room = 4096},
      {.probe_block = 5, .gallery_block = 11, .tile_pairs = 16, .tile_cols = 8, .room = 20}};
  for (const ScoreCase& c : cases()) {
    const Outcome expected = brute_force(c);
    for (const DeviceBlocks& blocks : cuts) {
      if (blocks.probe_block == 5 && c.probes.count * c.gallery.count > 5'000) continue;
      for (const Arith arith : {Arith::kAuto, Arith::kF32}) {
        const std::string& name = c.name;
        CAPTURE(name);
        CAPTURE(blocks.gallery_block);
        const bool with_histogram = arith == Arith::kF32;
        Outcome got = streamed(c, {.arith = arith}, with_histogram, on(device, gemm, blocks));
        if (!with_histogram) got.histogram = expected.histogram;
        check_same(got, expected);
      }
    }
  }
}

}  // namespace

TEST_CASE("stream_scores_on: every sink equals the sorted brute force, whatever blocks and arithmetic") {
  check_all_cuts(Device::kCpu, kForward);
}

TEST_CASE("stream_scores_on: estimates as far off as their bound allows change nothing") {
  const ScoreCase c{"spread", random_rows("p", 60, 64), random_rows("g", 900, 64)};
  Outcome expected = brute_force(c);
  const DeviceBlocks blocks{
      .probe_block = 100, .gallery_block = 256, .tile_pairs = 1 << 14, .tile_cols = 128, .room = 1 << 14};
  for (const float direction : {-1.0f, 1.0f}) {
    const GemmBf16 off = gemm_by([=](const Bf16* a, const Bf16* b, int64_t k) {
      return sum_forward(a, b, k) + direction * 0.8f * estimate_share(k);  // of unit rows
    });
    Outcome got = streamed(c, {}, false, on(Device::kCpu, off, blocks));
    got.histogram = expected.histogram;
    check_same(got, expected);
  }
}

TEST_CASE("stream_scores_on: the plan knows what a tail may take later on") {
  const ScoreCase c{"few", random_rows("p", 4, 16), random_rows("g", 100, 16)};
  TailSink tail(50);
  TopKSink top(c.probes.count, 3);
  ScoreSink* const sinks[] = {&tail, &top};
  int64_t growth = 0;
  stream_scores_on(
      Device::kCpu, kForward, c.probes.set(), c.gallery.set(), sinks, {}, {}, [&](int64_t bytes) {
        growth = bytes;
        return DeviceBlocks{
            .probe_block = 4, .gallery_block = 32, .tile_pairs = 64, .tile_cols = 16, .room = 128};
      });
  CHECK(growth >= 2 * 2 * 50 * int64_t{sizeof(TailSink::Hit)});  // 2k hits, and as many again while they move
}

TEST_CASE("stream_scores_on: the screen keeps most pairs of a spread gallery from being scored") {
  const ScoreCase c{"spread", random_rows("p", 32, 256), random_rows("g", 8'000, 256)};
  TopKSink top(c.probes.count, 1);
  ScoreSink* const sinks[] = {&top};
  const StreamFigures figures =
      stream_scores_on(Device::kCpu, kForward, c.probes.set(), c.gallery.set(), sinks, {}, {}, [](int64_t) {
        return DeviceBlocks{.probe_block = 32,
                            .gallery_block = 1024,
                            .tile_pairs = 1 << 14,
                            .tile_cols = 512,
                            .room = 1 << 14};
      });
  CHECK(figures.screened > figures.pairs * 98 / 100);
}

TEST_CASE("stream_scores_on: a stream that was stopped goes on where it was, to the same end") {
  const test::ScratchFolder folder;
  const ScoreCase c{"resumed", random_rows("p", 60, 32), random_rows("g", 900, 32)};
  const std::filesystem::path file = folder.path() / "state", kept = folder.path() / "kept";
  const StreamOptions options{.resume_file = file.string(), .resume_key = "one", .resume_seconds = 0};
  const DeviceBlocks blocks{
      .probe_block = 40, .gallery_block = 128, .tile_pairs = 1 << 14, .tile_cols = 64, .room = 1 << 14};
  std::atomic<int64_t> reads = 0;
  std::atomic<bool> second_pass = false;
  RowSet gallery = c.gallery.set();
  gallery.read = [&](int64_t i, float* row) {
    if (i == 700 && second_pass.exchange(true) && !std::filesystem::exists(kept))
      std::filesystem::copy_file(file, kept);
    ++reads;
    std::copy_n(c.gallery.row(i), 32, row);
  };
  const auto run = [&](bool with_histogram) {
    return streamed(c, options, with_histogram, [&](const RowSet& probes, const RowSet&, auto&&... rest) {
      return stream_scores_on(Device::kCpu, kForward, probes, gallery, rest...,
                              [&](int64_t) { return blocks; });
    });
  };
  for (const bool with_histogram : {false, true}) {
    std::filesystem::remove(file);
    std::filesystem::remove(kept);
    second_pass = false;
    const Outcome whole = run(with_histogram);
    reads = 0;
    CHECK(run(with_histogram) == whole);
    CHECK(reads == 0);
    std::filesystem::copy_file(kept, file, std::filesystem::copy_options::overwrite_existing);
    CHECK(run(with_histogram) == whole);
    CHECK(reads > 0);
    CHECK(reads < 900);
  }
}

TEST_CASE(
    "stream_scores_on: sinks go on from what they hold, on either engine; ranks count up to their limit") {
  const ScoreCase c{"spread", random_rows("p", 40, 32), random_rows("g", 3000, 32)};
  const auto asked = marks(c);
  const DeviceBlocks blocks{
      .probe_block = 30, .gallery_block = 200, .tile_pairs = 1 << 13, .tile_cols = 64, .room = 1 << 13};
  const auto run = [&](std::string_view engines) {  // one gallery after the other: 'd', on a device
    TailSink tail(20'000);                          // its cut goes by bins
    TopKSink top(c.probes.count, 100), all(c.probes.count, 5000);
    RankSink ranks(asked, {}, 40);
    ScoreSink* const sinks[] = {&tail, &top, &all, &ranks};
    for (size_t part = 0; part < engines.size(); ++part) {
      const RowSet gallery{1000, 32, [&, part](int64_t i, float* row) {
                             std::copy_n(c.gallery.row(1000 * static_cast<int64_t>(part) + i), 32, row);
                           }};
      if (engines[part] == 'd') {
        stream_scores_on(Device::kCpu, kForward, c.probes.set(), gallery, sinks, {}, {},
                         [&](int64_t) { return blocks; });
      } else {
        stream_scores(c.probes.set(), gallery, sinks);
      }
    }
    Outcome out{tail.largest(), {}, {}, {}, {}, {}};
    for (int64_t i = 0; i < c.probes.count; ++i) {
      out.top.push_back(top.best(i));
      out.top.push_back(all.best(i));
      auto& of = out.ranks.emplace_back();
      for (const float mark : asked[static_cast<size_t>(i)]) {
        of.push_back({ranks.above(i, mark).at_least, ranks.above(i, mark).more});
      }
    }
    return out;
  };
  const Outcome expected = run("ccc");
  CHECK(expected.tail.size() == 20'000);
  for (const char* engines : {"ddd", "cdc", "dcd"}) {
    CAPTURE(engines);
    check_same(run(engines), expected);
  }
}

TEST_CASE("scores on cuda without its backend are refused") {
  const Rows rows = random_rows("p", 3, 8);
  TailSink tail(5);
  ScoreSink* const sinks[] = {&tail};
  CHECK_THROWS_WITH_AS(stream_scores(rows.set(), rows.set(), sinks, {}, {.device = Device::kCuda}),
                       "scores on cuda need its backend", Error);
}

TEST_CASE("stream_scores on a GPU gives the bits of the CPU's engine") {
  if (!test::can_use("cuda")) return;
  const std::unique_ptr<Backend> backend = make_backend("cuda");
  check_all_cuts(Device::kCuda, [&](const Backend::Gemm& g, const Bf16* a, const Bf16* b, float* c) {
    backend->gemm_bf16(g, a, b, c);
  });
  std::vector<ScoreCase> all = cases();
  all.push_back({"many blocks", random_rows("p", 300, 128), random_rows("g", 70'000, 128)});
  for (const ScoreCase& c : all) {
    const std::string& name = c.name;
    CAPTURE(name);
    for (const Arith arith : {Arith::kAuto, Arith::kF32}) {
      const bool with_histogram = arith == Arith::kF32;
      const Outcome cpu = streamed(c, {.arith = arith}, with_histogram, stream_scores);
      const StreamOptions options{.arith = arith, .device = Device::kCuda, .backend = backend.get()};
      check_same(streamed(c, options, with_histogram, stream_scores), cpu);
    }
    const int64_t pairs = c.probes.count * c.gallery.count;
    const std::vector<int64_t> ranks = {0, pairs / 100, pairs / 2};
    const auto cpu = scores_at_ranks(c.probes.set(), c.gallery.set(), ranks);
    const auto gpu = scores_at_ranks(c.probes.set(), c.gallery.set(), ranks, {},
                                     {.device = Device::kCuda, .backend = backend.get()});
    for (size_t i = 0; i < ranks.size(); ++i) {
      CHECK(gpu[i].score == cpu[i].score);
      CHECK(gpu[i].above == cpu[i].above);
    }
  }
}

}  // namespace fr
