#include "eval/score_stream.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "core/device_memory.h"
#include "core/error.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/tensor.h"
#include "eval/score_delivery.h"
#include "eval/score_device.h"
#include "eval/score_kernel.h"
#include "eval/score_screen.h"
#include "eval/stream_progress.h"

namespace fr {

namespace {

// Columns of a tile, whose scores the sinks see while they are in L2. Codes take a quarter of the room and of
// the time: a tile of them is higher, so that each panel of the gallery is fetched less often.
constexpr int64_t kTileCols = 256, kScreenedCols = 64, kScreenedProbeBlocks = 3, kScreenedGalleryBlocks = 4;
constexpr int64_t kPackedProbeBytes = int64_t{1} << 28;  // probes packed at a time
constexpr int64_t kLongestPause = 64;  // tiles scored whole, at most, before the screen is tried again
// Of the last pairs of a gallery block those that reached a cut, from which on the next one is not screened:
// still more would pass the screen.
constexpr double kDenseBlock = kDenseShare / 3;

int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

// Both sides of the block at hand. Where it is screened, the gallery's f32 panels are made tile by tile, when
// one is first scored whole.
class Packed {
 public:
  Packed(int64_t probe_block, int64_t gallery_block, int64_t dim, bool screen)
      : dim_(dim),
        probes_({.n = probe_block, .c = dim}),
        gallery_({.n = gallery_block, .c = dim}),
        packed_(static_cast<size_t>((gallery_block + kScreenedCols - 1) / kScreenedCols)) {
    if (!screen) return;
    coded_probes_ = std::make_unique<CodedPanels>(probe_block, dim, kProbePanel);
    coded_gallery_ = std::make_unique<CodedPanels>(gallery_block, dim, kGalleryPanel);
    rows_ = Tensor({.n = gallery_block, .c = dim});
  }
  void pack_probes(const RowSet& set, int64_t begin, int64_t count) {
    pack_panels(set, begin, count, kProbePanel, probes_.f32());
    if (coded_probes_ != nullptr) coded_probes_->code(set, begin, count);
  }
  void pack_gallery(const RowSet& set, int64_t begin, int64_t count, bool screened) {
    screened_ = screened;
    if (!screened) return pack_panels(set, begin, count, kGalleryPanel, gallery_.f32());
    coded_gallery_->code(set, begin, count, rows_.f32());
    cols_ = count;
    for (std::unique_ptr<std::once_flag>& tile : packed_) tile = std::make_unique<std::once_flag>();
  }

  bool screened() const { return screened_; }
  const CodedPanels& coded_probes() const { return *coded_probes_; }
  const CodedPanels& coded_gallery() const { return *coded_gallery_; }
  const float* probe_panel(int64_t first) const { return probes_.f32() + first * dim_; }
  const float* gallery_row(int64_t row) const { return rows_.f32() + row * dim_; }
  // The panels from column `col` on, the first of a tile, to its end. Any thread.
  const float* gallery_panels(int64_t col) {
    float* const panels = gallery_.f32() + col * dim_;
    if (!screened_) return panels;
    std::call_once(*packed_[static_cast<size_t>(col / kScreenedCols)], [&] {
      const RowSet rows{cols_, dim_,
                        [this](int64_t i, float* row) { std::copy_n(gallery_row(i), dim_, row); }};
      pack_panels(rows, col, std::min(kScreenedCols, cols_ - col), kGalleryPanel, panels);
    });
    return panels;
  }

 private:
  int64_t dim_, cols_ = 0;
  Tensor probes_, gallery_;  // f32 panels
  Tensor rows_;              // the gallery as it was read; empty without a screen
  std::unique_ptr<CodedPanels> coded_probes_, coded_gallery_;
  bool screened_ = false;
  std::vector<std::unique_ptr<std::once_flag>> packed_;  // of each tile of the gallery
};

// What one thread needs to score tiles of up to `rows` x `cols` pairs, `whole` rows at a time where it scores
// them all.
class Worker {
 public:
  Worker(int64_t rows, int64_t cols, int64_t whole, int64_t dim, const Delivery& deliver, int thread)
      : stride_(cols),
        whole_(whole),
        dim_(dim),
        deliver_(deliver),
        thread_(thread),
        scores_(static_cast<size_t>(std::min(whole, rows) * cols)),
        cuts_(static_cast<size_t>(rows)),
        probe_rows_(static_cast<size_t>(rows * dim)),
        kept_(static_cast<size_t>(rows)),
        candidates_(static_cast<size_t>(rows)) {}

  // The pairs of rows [first, first + rows) of the packed probes with columns [col, col + cols) of the packed
  // gallery; `tile` says which probes and gallery rows those are.
  void run(Packed& packed, const ScoreTile& tile, int64_t first, int64_t col) {
    if (packed.screened() && pause_ == 0 && screen(packed, tile, first, col)) return;
    if (pause_ > 0) --pause_;
    const float* const panels = packed.gallery_panels(col);
    for (int64_t begin = 0; begin < tile.rows; begin += whole_) {
      const int64_t rows = std::min(whole_, tile.rows - begin);
      for (int64_t c = 0; c < tile.cols; c += kGalleryPanel) {
        for (int64_t r = 0; r < rows; r += kProbePanel) {
          score_panels(dim_, packed.probe_panel(first + begin + r), panels + c * dim_,
                       scores_.data() + r * stride_ + c, stride_);
        }
      }
      note_hits(deliver_.tile({.probe = tile.probe + begin,
                               .gallery = tile.gallery,
                               .rows = rows,
                               .cols = tile.cols,
                               .stride = stride_,
                               .scores = scores_.data()},
                              thread_),
                rows * tile.cols);
    }
  }

  int64_t screened() const { return screened_; }
  double hit_share() const { return hit_share_; }  // of the last pairs, those that reached a cut

 private:
  void note_hits(int64_t hits, int64_t pairs) {
    constexpr double kNew = 0.5;
    hit_share_ += kNew * (static_cast<double>(hits) / static_cast<double>(pairs) - hit_share_);
  }

  // False: the tile is to be scored whole, and after a dense one as many more as last time twice over.
  bool screen(const Packed& packed, const ScoreTile& tile, int64_t first, int64_t col) {
    for (int64_t r = 0; r < tile.rows; ++r) {
      cuts_[static_cast<size_t>(r)] = deliver_.cut(tile.probe + r);
      if (cuts_[static_cast<size_t>(r)] == -std::numeric_limits<float>::infinity()) return false;
    }
    const auto pairs = tile.rows * tile.cols;
    if (!screen_tile(packed.coded_probes(), packed.coded_gallery(),
                     {.probe = first, .gallery = col, .rows = tile.rows, .cols = tile.cols}, dim_,
                     cuts_.data(), static_cast<int64_t>(kDenseShare * static_cast<double>(pairs)),
                     candidates_)) {
      last_pause_ = std::clamp(2 * last_pause_, int64_t{1}, kLongestPause);
      pause_ = last_pause_;
      return false;
    }
    last_pause_ = 0;
    screened_ += pairs;
    note_hits(rescore(packed, tile, first, col), pairs);
    return true;
  }

  // Of the candidates those whose product in f32, rounded in whatever way, can reach the cut are scored; how
  // many did.
  int64_t rescore(const Packed& packed, const ScoreTile& tile, int64_t first, int64_t col) {
    const float rounding = rounding_share(dim_);
    likely_.clear();
    for (int64_t r = 0; r < tile.rows; ++r) {
      const std::vector<int32_t>& columns = candidates_[static_cast<size_t>(r)];
      if (columns.empty()) continue;
      const float* const probe = probe_row(packed, tile.probe, r, first + r);
      const float length = rounding * packed.coded_probes().length()[first + r];
      for (const int32_t c : columns) {
        const float bound = length * packed.coded_gallery().length()[col + c];
        const float highest = quick_dot(dim_, probe, packed.gallery_row(col + c)) + bound;
        if (!(highest < cuts_[static_cast<size_t>(r)])) likely_.push_back({static_cast<int32_t>(r), c});
      }
      screened_ -= std::ssize(columns);
    }
    int64_t hits = 0;
    for (size_t i = 0; i < likely_.size(); i += kChains) {
      const float *probes[kChains], *rows[kChains];
      float scores[kChains];
      const size_t count = std::min(likely_.size() - i, static_cast<size_t>(kChains));
      for (size_t j = 0; j < kChains; ++j) {
        const Candidate& pair = likely_[i + std::min(j, count - 1)];
        probes[j] = probe_rows_.data() + pair.row * dim_;
        rows[j] = packed.gallery_row(col + pair.column);
      }
      score_chains(dim_, probes, rows, scores);
      for (size_t j = 0; j < count; ++j) {
        hits += deliver_.one(tile.probe + likely_[i + j].row, tile.gallery + likely_[i + j].column, scores[j],
                             thread_);
      }
    }
    return hits;
  }

  // Row r of the tile whose first probe is `probe`: kept from its panel as long as tiles have the same
  // probes.
  const float* probe_row(const Packed& packed, int64_t probe, int64_t r, int64_t lane) {
    if (std::exchange(kept_probe_, probe) != probe) std::fill(kept_.begin(), kept_.end(), 0);
    float* const row = probe_rows_.data() + r * dim_;
    if (std::exchange(kept_[static_cast<size_t>(r)], 1) != 0) return row;
    const float* const from = packed.probe_panel(lane / kProbePanel * kProbePanel) + lane % kProbePanel;
    for (int64_t k = 0; k < dim_; ++k) row[k] = from[k * kProbePanel];
    return row;
  }

  struct Candidate {
    int32_t row, column;  // of the tile
  };
  int64_t stride_, whole_, dim_;
  const Delivery& deliver_;
  int thread_;
  std::vector<float> scores_;      // (whole, cols)
  std::vector<float> cuts_;        // (rows)
  std::vector<float> probe_rows_;  // (rows, dim): those kept
  std::vector<char> kept_;         // (rows)
  int64_t kept_probe_ = -1;        // the probe of row 0
  std::vector<std::vector<int32_t>> candidates_;
  std::vector<Candidate> likely_;
  int64_t pause_ = 0, last_pause_ = 0, screened_ = 0;
  double hit_share_ = 0;
};

bool choose_screen(Arith arith, int64_t pairs, std::span<ScoreSink* const> sinks,
                   std::span<TileSink* const> tiles) {
  if (!has_int8_kernel() || !tiles.empty() || sinks.empty()) return false;
  return arith == Arith::kInt8Screen || (arith == Arith::kAuto && pairs >= kLongStream);
}

// Where tiles begin, of up to `most` of `count` probes each: in whole panels, and ever smaller towards the
// end, so that all threads end at about the same time.
std::vector<int64_t> tile_begins(int64_t count, int64_t most) {
  constexpr int64_t least = 4 * kProbePanel;
  std::vector<int64_t> begins;
  for (int64_t begin = 0; begin < count;) {
    begins.push_back(begin);
    const int64_t share = (count - begin) / (int64_t{2} * thread_count());
    begin += round_up(std::clamp(share, std::min(least, most), most), kProbePanel);
  }
  begins.push_back(count);
  return begins;
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
  if (options.device == Device::kCuda) {
    FR_CHECK(options.backend != nullptr && options.backend->device() == Device::kCuda,
             "scores on cuda need its backend");
    const auto gemm = [&](const Backend::Gemm& g, const Bf16* a, const Bf16* b, float* c) {
      options.backend->gemm_bf16(g, a, b, c);
    };
    const auto plan = [&](int64_t growth) {
      const int64_t free = free_bytes(options.device);
      FR_CHECK(growth < free, "GPU memory: {} MB free are not enough for the largest scores, up to {} MB",
               free >> 20, growth >> 20);
      return plan_device_blocks(probes.count, gallery.count, probes.dim, free - growth);
    };
    return stream_scores_on(options.device, gemm, probes, gallery, sinks, tiles, options, plan);
  }
  const int64_t d = probes.dim;
  const Delivery deliver(sinks, tiles);

  const bool screen = choose_screen(options.arith, figures.pairs, sinks, tiles);
  const int64_t gallery_block = round_up(
      std::min(options.gallery_block * (screen ? kScreenedGalleryBlocks : 1), gallery.count), kGalleryPanel);
  const int64_t most =
      std::max(kPackedProbeBytes / (d * int64_t{sizeof(float)}) / kProbePanel, int64_t{1}) * kProbePanel;
  const int64_t probe_block = std::min(most, round_up(probes.count, kProbePanel));
  const int64_t whole = round_up(options.probe_block, kProbePanel);
  const int64_t tile_rows = whole * (screen ? kScreenedProbeBlocks : 1);

  Packed packed(probe_block, gallery_block, d, screen);
  std::vector<Worker> workers;
  for (int t = 0; t < thread_count(); ++t) {
    workers.emplace_back(tile_rows, kTileCols, whole, d, deliver, t);
  }

  std::unique_ptr<Progress> progress;
  if (!options.progress.empty() && figures.pairs >= kLongStream) {
    progress = std::make_unique<Progress>(options.progress, figures.pairs, "pairs");
  }
  std::vector<Resumable*> kept(sinks.begin(), sinks.end());
  kept.insert(kept.end(), tiles.begin(), tiles.end());
  StreamProgress on_disk(
      options,
      fmt::format("{} x {} rows of {}, blocks of {} and {}, {} sinks", probes.count, gallery.count, d,
                  probe_block, gallery_block, sinks.size() + tiles.size()),
      std::move(kept));
  const int64_t resumed = on_disk.resume();
  int64_t done = 0, block = 0;
  bool dense = false;
  for (int64_t p = 0; p < probes.count; p += probe_block) {
    const int64_t rows = std::min(probe_block, probes.count - p);
    const std::vector<int64_t> tiles_at = tile_begins(rows, tile_rows);
    bool probes_packed = false;
    for (int64_t g = 0; g < gallery.count; g += gallery_block, ++block) {
      const int64_t cols = std::min(gallery_block, gallery.count - g);
      if (block < resumed) {
        done += rows * cols;
        if (progress) progress->resume_at(done);
        continue;
      }
      if (!std::exchange(probes_packed, true)) packed.pack_probes(probes, p, rows);
      const bool screened = screen && !dense;
      const int64_t tile_cols = screened ? kScreenedCols : kTileCols;
      packed.pack_gallery(gallery, g, cols, screened);
      parallel_tasks(std::ssize(tiles_at) - 1, [&](int64_t t) {
        Worker& worker = workers[static_cast<size_t>(omp_get_thread_num())];
        const int64_t first = tiles_at[static_cast<size_t>(t)], end = tiles_at[static_cast<size_t>(t + 1)];
        for (int64_t c = 0; c < cols; c += tile_cols) {
          worker.run(packed,
                     {.probe = p + first,
                      .gallery = g + c,
                      .rows = end - first,
                      .cols = std::min(tile_cols, cols - c)},
                     first, c);
        }
      });
      dense = std::ranges::all_of(workers, [](const Worker& w) { return w.hit_share() > kDenseBlock; });
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
