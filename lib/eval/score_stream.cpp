#include "eval/score_stream.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/tensor.h"
#include "eval/score_kernel.h"
#include "eval/score_screen.h"
#include "eval/stream_progress.h"

namespace fr {

namespace {

constexpr int64_t kTileCols = 256;  // scores made before the sinks see them: they stay in L2
constexpr int64_t kPackedProbeBytes = int64_t{1} << 28;  // probes packed at a time
constexpr int64_t kLong = 100'000'000;  // pairs from which kAuto screens, and progress is worth a line
constexpr double kDense =
    0.02;  // share of a tile's pairs that pass the screen, above which it is scored whole
constexpr int64_t kLongestPause = 64;  // tiles scored whole, at most, before the screen is tried again

int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

// Shows the sinks one tile, or single scores.
class Delivery {
 public:
  Delivery(std::span<ScoreSink* const> sinks, std::span<TileSink* const> tiles)
      : sinks_(sinks), tiles_(tiles) {}

  float cut(int64_t probe) const {
    float least = std::numeric_limits<float>::infinity();
    for (const ScoreSink* sink : sinks_) least = std::min(least, sink->cut(probe));
    return least;
  }

  void one(int64_t probe, int64_t gallery, float score, int thread) const {
    for (ScoreSink* sink : sinks_) {
      if (score >= sink->cut(probe)) sink->take(probe, gallery, score, thread);
    }
  }

  void tile(const ScoreTile& tile, int thread) const {
    for (TileSink* sink : tiles_) sink->take(tile, thread);
    if (sinks_.empty()) return;
    for (int64_t r = 0; r < tile.rows; ++r) row(tile, r, thread);
  }

 private:
  static bool any_reach(const float* scores, int64_t begin, int64_t end, float cut) {
    int matter = 0;
#pragma omp simd reduction(| : matter)
    for (int64_t c = begin; c < end; ++c) matter |= scores[c] >= cut;
    return matter != 0;
  }

  // Most runs of scores hold none that matters, and most parts of the others: one comparison a lane, one
  // branch a run.
  void row(const ScoreTile& tile, int64_t r, int thread) const {
    constexpr int64_t run = 32, part = 8;
    const float* scores = tile.scores + r * tile.stride;
    float least = cut(tile.probe + r);
    for (int64_t begin = 0; begin < tile.cols; begin += run) {
      const int64_t end = std::min(begin + run, tile.cols);
      if (!any_reach(scores, begin, end, least)) continue;
      for (int64_t first = begin; first < end; first += part) {
        const int64_t last = std::min(first + part, end);
        if (!any_reach(scores, first, last, least)) continue;
        for (int64_t c = first; c < last; ++c) {
          if (scores[c] >= least) one(tile.probe + r, tile.gallery + c, scores[c], thread);
        }
      }
      least = cut(tile.probe + r);
    }
  }

  std::span<ScoreSink* const> sinks_;
  std::span<TileSink* const> tiles_;
};

// Both sides of the block at hand, in panels.
struct Packed {
  Tensor probes, gallery;                                    // f32
  Tensor gallery_rows;                                       // as they were read; empty: no screen
  std::unique_ptr<CodedPanels> coded_probes, coded_gallery;  // null: no screen
};

// What one thread needs to score tiles of up to `rows` x kTileCols pairs.
class Worker {
 public:
  Worker(int64_t rows, int64_t dim, const Delivery& deliver, int thread)
      : dim_(dim),
        deliver_(deliver),
        thread_(thread),
        scores_(static_cast<size_t>(rows * kTileCols)),
        products_(scores_.size()),
        cuts_(static_cast<size_t>(rows)),
        probe_rows_(static_cast<size_t>(rows * dim)),
        candidates_(static_cast<size_t>(rows)) {}

  // The pairs of rows [first, first + rows) of the packed probes with columns [col, col + cols) of the packed
  // gallery; `tile` says which probes and gallery rows those are.
  void run(const Packed& packed, ScoreTile tile, int64_t first, int64_t col) {
    if (packed.coded_probes && pause_ == 0 && screen(packed, tile, first, col)) return;
    if (pause_ > 0) --pause_;
    for (int64_t c = 0; c < tile.cols; c += kGalleryPanel) {
      for (int64_t r = 0; r < tile.rows; r += kProbePanel) {
        score_panels(dim_, packed.probes.f32() + (first + r) * dim_, packed.gallery.f32() + (col + c) * dim_,
                     scores_.data() + r * kTileCols + c, kTileCols);
      }
    }
    tile.stride = kTileCols;
    tile.scores = scores_.data();
    deliver_.tile(tile, thread_);
  }

  int64_t screened() const { return screened_; }

 private:
  // False: the tile is to be scored whole, and after a dense one as many more as last time twice over.
  bool screen(const Packed& packed, const ScoreTile& tile, int64_t first, int64_t col) {
    for (int64_t r = 0; r < tile.rows; ++r) {
      cuts_[static_cast<size_t>(r)] = deliver_.cut(tile.probe + r);
      if (cuts_[static_cast<size_t>(r)] == -std::numeric_limits<float>::infinity()) return false;
    }
    const auto pairs = tile.rows * tile.cols;
    if (!screen_tile(*packed.coded_probes, *packed.coded_gallery,
                     {.probe = first, .gallery = col, .rows = tile.rows, .cols = tile.cols}, dim_,
                     cuts_.data(), products_.data(),
                     static_cast<int64_t>(kDense * static_cast<double>(pairs)), candidates_)) {
      last_pause_ = std::clamp(2 * last_pause_, int64_t{1}, kLongestPause);
      pause_ = last_pause_;
      return false;
    }
    last_pause_ = 0;
    screened_ += pairs;
    rescore(packed, tile, first, col);
    return true;
  }

  // Of the candidates those whose product in f32, rounded in whatever way, can reach the cut are scored.
  void rescore(const Packed& packed, const ScoreTile& tile, int64_t first, int64_t col) {
    const float rounding = rounding_share(dim_);
    likely_.clear();
    for (int64_t r = 0; r < tile.rows; ++r) {
      const std::vector<int32_t>& columns = candidates_[static_cast<size_t>(r)];
      if (columns.empty()) continue;
      float* const probe = probe_rows_.data() + r * dim_;
      const float* const lane =
          packed.probes.f32() + (first + r) / kProbePanel * kProbePanel * dim_ + (first + r) % kProbePanel;
      for (int64_t k = 0; k < dim_; ++k) probe[k] = lane[k * kProbePanel];
      const float length = rounding * packed.coded_probes->length()[first + r];
      for (const int32_t c : columns) {
        const float* const row = packed.gallery_rows.f32() + (col + c) * dim_;
        const float bound = length * packed.coded_gallery->length()[col + c];
        if (quick_dot(dim_, probe, row) + bound >= cuts_[static_cast<size_t>(r)])
          likely_.push_back({static_cast<int32_t>(r), c});
      }
      screened_ -= std::ssize(columns);
    }
    for (size_t i = 0; i < likely_.size(); i += kChains) {
      const float *probes[kChains], *rows[kChains];
      float scores[kChains];
      const size_t count = std::min(likely_.size() - i, static_cast<size_t>(kChains));
      for (size_t j = 0; j < kChains; ++j) {
        const Candidate& pair = likely_[i + std::min(j, count - 1)];
        probes[j] = probe_rows_.data() + pair.row * dim_;
        rows[j] = packed.gallery_rows.f32() + (col + pair.column) * dim_;
      }
      score_chains(dim_, probes, rows, scores);
      for (size_t j = 0; j < count; ++j) {
        deliver_.one(tile.probe + likely_[i + j].row, tile.gallery + likely_[i + j].column, scores[j],
                     thread_);
      }
    }
  }

  struct Candidate {
    int32_t row, column;  // of the tile
  };
  int64_t dim_;
  const Delivery& deliver_;
  int thread_;
  std::vector<float> scores_;      // (rows, kTileCols)
  std::vector<int32_t> products_;  // (rows, kTileCols)
  std::vector<float> cuts_;        // (rows)
  std::vector<float> probe_rows_;  // (rows, dim): those with candidates
  std::vector<std::vector<int32_t>> candidates_;
  std::vector<Candidate> likely_;
  int64_t pause_ = 0, last_pause_ = 0, screened_ = 0;
};

bool choose_screen(Arith arith, int64_t pairs, std::span<ScoreSink* const> sinks,
                   std::span<TileSink* const> tiles) {
  if (!has_int8_kernel() || !tiles.empty() || sinks.empty()) return false;
  return arith == Arith::kInt8Screen || (arith == Arith::kAuto && pairs >= kLong);
}

// Probes of a tile, a multiple of the panel up to `most`: few are cut finer, so that every thread has some,
// and all threads have about the same number.
int64_t tile_probes(int64_t probes, int64_t most) {
  const int64_t threads = thread_count();
  most =
      std::clamp(round_up(probes / (4 * threads) + 1, kProbePanel), kProbePanel, round_up(most, kProbePanel));
  const auto busiest = [&](int64_t rows) {  // probes of the thread that has most
    const int64_t tiles = (probes + rows - 1) / rows;
    return (tiles + threads - 1) / threads * rows;
  };
  int64_t best = most;
  for (int64_t rows = most; rows > most / 2; rows -= kProbePanel) {
    if (busiest(rows) < busiest(best)) best = rows;
  }
  return best;
}

}  // namespace

Arith parse_arith(const std::string& text) {
  if (text == "auto") return Arith::kAuto;
  if (text == "f32") return Arith::kF32;
  if (text == "int8-screen") return Arith::kInt8Screen;
  fail("arithmetic '{}' is not auto, f32 or int8-screen", text);
}

StreamFigures stream_scores(const RowSet& probes, const RowSet& gallery, std::span<ScoreSink* const> sinks,
                            std::span<TileSink* const> tiles, const StreamOptions& options) {
  FR_CHECK(probes.dim == gallery.dim, "probes have {} values a row, the gallery {}", probes.dim, gallery.dim);
  StreamFigures figures{.pairs = probes.count * gallery.count};
  if (figures.pairs == 0) return figures;
  const int64_t d = probes.dim;
  const Delivery deliver(sinks, tiles);

  const int64_t gallery_block = round_up(std::min(options.gallery_block, gallery.count), kGalleryPanel);
  const int64_t most =
      std::max(kPackedProbeBytes / (d * int64_t{sizeof(float)}) / kProbePanel, int64_t{1}) * kProbePanel;
  const int64_t probe_block = std::min(most, round_up(probes.count, kProbePanel));
  const int64_t group = tile_probes(std::min(probe_block, probes.count), options.probe_block);

  Packed packed{Tensor({.n = probe_block, .c = d}), Tensor({.n = gallery_block, .c = d}), {}, {}, {}};
  if (choose_screen(options.arith, figures.pairs, sinks, tiles)) {
    packed.coded_probes = std::make_unique<CodedPanels>(probe_block, d, kProbePanel);
    packed.coded_gallery = std::make_unique<CodedPanels>(gallery_block, d, kGalleryPanel);
    packed.gallery_rows = Tensor({.n = gallery_block, .c = d});
  }
  std::vector<Worker> workers;
  for (int t = 0; t < thread_count(); ++t) workers.emplace_back(group, d, deliver, t);

  std::unique_ptr<Progress> progress;
  if (!options.progress.empty() && figures.pairs >= kLong) {
    progress = std::make_unique<Progress>(options.progress, figures.pairs, "pairs");
  }
  StreamProgress on_disk(
      options,
      fmt::format("{} x {} rows of {}, blocks of {} and {}, {} sinks", probes.count, gallery.count, d,
                  probe_block, gallery_block, sinks.size() + tiles.size()),
      sinks, tiles);
  const int64_t resumed = on_disk.resume();
  int64_t done = 0, block = 0;
  for (int64_t p = 0; p < probes.count; p += probe_block) {
    const int64_t rows = std::min(probe_block, probes.count - p);
    bool probes_packed = false;
    for (int64_t g = 0; g < gallery.count; g += gallery_block, ++block) {
      const int64_t cols = std::min(gallery_block, gallery.count - g);
      if (block < resumed) {
        done += rows * cols;
        if (progress) progress->resume_at(done);
        continue;
      }
      if (!std::exchange(probes_packed, true)) {
        pack_panels(probes, p, rows, kProbePanel, packed.probes.f32());
        if (packed.coded_probes) packed.coded_probes->code(packed.probes.f32(), rows);
      }
      pack_panels(gallery, g, cols, kGalleryPanel, packed.gallery.f32(), packed.gallery_rows.f32());
      if (packed.coded_gallery) packed.coded_gallery->code(packed.gallery.f32(), cols);
#pragma omp parallel for schedule(dynamic)
      for (int64_t first = 0; first < rows; first += group) {
        Worker& worker = workers[static_cast<size_t>(omp_get_thread_num())];
        for (int64_t c = 0; c < cols; c += kTileCols) {
          worker.run(packed,
                     {.probe = p + first,
                      .gallery = g + c,
                      .rows = std::min(group, rows - first),
                      .cols = std::min(kTileCols, cols - c)},
                     first, c);
        }
      }
      done += rows * cols;
      if (progress) progress->update(done);
      on_disk.note(block + 1);
    }
  }
  if (progress) progress->finish();
  on_disk.finish(block);
  for (const Worker& worker : workers) figures.screened += worker.screened();
  return figures;
}

}  // namespace fr
