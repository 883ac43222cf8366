#include "eval/score_device.h"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "core/busy_time.h"
#include "core/device_memory.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "eval/score_delivery.h"
#include "eval/score_device_sinks.h"
#include "eval/score_slot.h"
#include "eval/stream_progress.h"

namespace fr {

namespace {

constexpr int64_t kFirstRows = 4;  // of the gallery, in the first block

class DeviceStream {
 public:
  DeviceStream(Device device, const GemmBf16& gemm, const RowSet& probes, const RowSet& gallery,
               const std::vector<std::unique_ptr<DeviceSink>>& sinks, std::span<TileSink* const> tiles,
               bool whole, const DeviceBlocks& blocks)
      : device_(device),
        gemm_(gemm),
        probes_(probes),
        gallery_(gallery),
        sinks_(sinks),
        tiles_(tiles),
        whole_(whole),
        blocks_(blocks),
        probe_rows_(device, blocks.probe_block, probes.dim),
        values_(blocks.tile_pairs * 4, device),
        heads_(blocks.probe_block * 4, device),
        next_(blocks.room * 4, device),
        staging_{Staging(device, blocks.gallery_block, probes.dim),
                 Staging(device, blocks.gallery_block, probes.dim)},
        busy_(device) {
    for (int64_t i = 0; i < kDeviceSlots; ++i) slots_.emplace_back(device, blocks, probes.dim);
  }
  DeviceStream(const DeviceStream&) = delete;
  ~DeviceStream() {  // waits before its memory goes
    try {
      synchronize(device_);
    } catch (const Error&) {  // on its way already: this is not a new one
    }
  }

  // Probes [first, first + count) become those on the device.
  void load_probes(int64_t first, int64_t count) {
    synchronize(device_);  // the last ones are in use until then
    probe_ = first;
    probe_count_ = count;
    for (int64_t i = 0; i < count; i += blocks_.gallery_block) {
      const int64_t rows = std::min(blocks_.gallery_block, count - i);
      staging_[0].upload(probes_, first + i, rows, probe_rows_, i);
      const BusyTime::Interval busy(busy_);
      probe_rows_.round(i, rows);
    }
  }

  // Gallery rows [first, first + count) into the slot of this block, whose last block is collected.
  void load_gallery(int64_t block, int64_t first, int64_t count) {
    DeviceSlot& slot = slot_of(block);
    slot.wait();
    slot.gallery = first;
    slot.cols = count;
    staging_[static_cast<size_t>(block % 2)].upload(gallery_, first, count, slot.rows, 0);
    const BusyTime::Interval busy(busy_);
    slot.rows.round(0, count);
  }

  // Puts the whole block on the device's stream. Nothing to do where tiles are scored whole.
  void launch(int64_t block) {
    if (whole_) return;
    DeviceSlot& slot = slot_of(block);
    const BusyTime::Interval busy(busy_);
    set_cuts(slot, 0, probe_count_);
    slot.clear();
    for_tiles(slot, [&](const DeviceTile& tile) { screen(slot, tile); });
    score_candidates(device_, slot.candidates(), probe_rows_, slot.rows, probes_.dim, slot.bounds(),
                     slot.hits());
    slot.fetch_counts();
  }

  // Waits for the block and shows the sinks what it found.
  void collect(int64_t block) {
    DeviceSlot& slot = slot_of(block);
    const int64_t pairs = probe_count_ * slot.cols;
    if (!whole_) {
      const int64_t candidates = slot.candidate_count();
      // Of a dense block most tiles are better scored whole.
      const int64_t few =
          std::max(blocks_.tile_pairs, static_cast<int64_t>(kDenseShare * static_cast<double>(pairs)));
      if (candidates <= std::min(few, slot.candidates().capacity)) {
        screened_ += pairs - candidates;
        return take(slot, 0, probe_count_);
      }
    }
    for_tiles(slot, [&](const DeviceTile& tile) { run_tile(slot, tile); });
    slot.fetch_counts();  // what TileSinks do with it may go on until the slot is loaded anew
  }

  int64_t screened() const { return screened_; }
  double gpu_seconds() { return busy_.seconds(); }

 private:
  DeviceSlot& slot_of(int64_t block) { return slots_[static_cast<size_t>(block % kDeviceSlots)]; }
  float* values() const { return reinterpret_cast<float*>(values_.data()); }

  // As high as the room allows: blocks of few columns are few tiles.
  template <class Body>
  void for_tiles(const DeviceSlot& slot, const Body& body) const {
    const int64_t stride = (std::min(slot.cols, blocks_.tile_cols) + 7) / 8 * 8;
    const int64_t height = std::max(blocks_.tile_pairs / stride, int64_t{1});
    for (int64_t row = 0; row < probe_count_; row += height) {
      for (int64_t col = 0; col < slot.cols; col += blocks_.tile_cols) {
        body({.values = values(),
              .probe = row,
              .column = col,
              .rows = std::min(height, probe_count_ - row),
              .cols = std::min(blocks_.tile_cols, slot.cols - col),
              .stride = stride});
      }
    }
  }

  void set_cuts(DeviceSlot& slot, int64_t first, int64_t count) {
    float* const cuts = slot.cuts() + first;
    clear_cuts(device_, cuts, count);
    for (const std::unique_ptr<DeviceSink>& sink : sinks_) sink->lower_cuts(cuts, probe_ + first, count);
    slot.bound(probe_rows_, first, count);
  }

  void screen(DeviceSlot& slot, const DeviceTile& tile) {
    gemm_({.transpose_b = true,
           .m = tile.rows,
           .n = tile.cols,
           .k = probe_rows_.stride(),
           .lda = probe_rows_.stride(),
           .ldb = probe_rows_.stride(),
           .ldc = tile.stride},
          probe_rows_.bf16(tile.probe), slot.rows.bf16(tile.column), values());
    select_candidates(device_, tile, slot.bounds(), slot.rows.bounds(0), slot.candidates());
  }

  // A tile by itself, with the cuts of now. The GPU's time is taken between the host's waits for
  // counts; what a sink waits for is in it.
  void run_tile(DeviceSlot& slot, const DeviceTile& tile) {
    {
      const BusyTime::Interval busy(busy_);
      if (!sinks_.empty()) set_cuts(slot, tile.probe, tile.rows);
      if (!whole_) {
        slot.clear();
        screen(slot, tile);
        slot.fetch_counts();
      }
    }
    if (whole_ || !score_screened(slot, tile)) score_all(slot, tile);
    if (!sinks_.empty()) take(slot, tile.probe, tile.rows);
  }

  // The tile's candidates; false where they are too many.
  bool score_screened(DeviceSlot& slot, const DeviceTile& tile) {
    const int64_t pairs = tile.rows * tile.cols, candidates = slot.candidate_count();
    if (static_cast<double>(candidates) > kDenseShare * static_cast<double>(pairs)) return false;
    const BusyTime::Interval busy(busy_);
    screened_ += pairs - candidates;
    Selected<Candidate> found = slot.candidates();
    found.capacity = candidates;
    score_candidates(device_, found, probe_rows_, slot.rows, probes_.dim, slot.bounds(), slot.hits());
    slot.fetch_counts();
    return true;
  }

  void score_all(DeviceSlot& slot, const DeviceTile& tile) {
    const ScoreTile scores{.probe = probe_ + tile.probe,
                           .gallery = slot.gallery + tile.column,
                           .rows = tile.rows,
                           .cols = tile.cols,
                           .stride = tile.stride,
                           .scores = values()};
    std::vector<TileSink*> on_host;
    {
      const BusyTime::Interval busy(busy_);
      score_whole(device_, tile, probe_rows_, slot.rows, probes_.dim, values());
      for (TileSink* sink : tiles_) {
        if (!sink->take_on(device_, scores)) on_host.push_back(sink);
      }
      if (!sinks_.empty()) {
        slot.clear();
        select_scores(device_, tile, slot.bounds(), slot.hits());
        slot.fetch_counts();
      }
    }
    for (TileSink* sink : on_host) take_on_host(*sink, scores);
  }

  // Rows go to threads as a whole, so that a sink is called as it may be.
  void take_on_host(TileSink& sink, const ScoreTile& tile) {
    host_values_.resize(static_cast<size_t>(tile.rows * tile.stride));
    copy_bytes(Device::kCpu, host_values_.data(), device_, tile.scores, tile.rows * tile.stride * 4);
    parallel_for(thread_count(), [&](int64_t t) {
      const int64_t begin = tile.rows * t / thread_count(), end = tile.rows * (t + 1) / thread_count();
      if (begin == end) return;
      ScoreTile part = tile;
      part.probe += begin;
      part.rows = end - begin;
      part.scores = host_values_.data() + begin * tile.stride;
      sink.take(part, static_cast<int>(t));
    });
  }

  // Shows the sinks the slot's hits, all of rows [first, first + rows) of the probes on the device.
  void take(DeviceSlot& slot, int64_t first, int64_t rows) {
    const int64_t count = slot.hit_count();
    if (count == 0) return;
    const BusyTime::Interval busy(busy_);
    auto* const heads = reinterpret_cast<int32_t*>(heads_.data());
    auto* const next = reinterpret_cast<int32_t*>(next_.data());
    if (std::ranges::any_of(sinks_, [](const auto& sink) { return sink->by_rows(); }))
      link_hits(device_, slot.hits().items, count, first, rows, heads, next);
    for (const std::unique_ptr<DeviceSink>& sink : sinks_) {
      sink->take({.items = slot.hits().items,
                  .count = count,
                  .probe = probe_,
                  .gallery = slot.gallery,
                  .first = first,
                  .rows = rows,
                  .heads = heads,
                  .next = next});
    }
  }

  Device device_;
  const GemmBf16& gemm_;
  const RowSet &probes_, &gallery_;
  const std::vector<std::unique_ptr<DeviceSink>>& sinks_;
  std::span<TileSink* const> tiles_;
  bool whole_;  // every pair is scored
  DeviceBlocks blocks_;
  DeviceRows probe_rows_;
  int64_t probe_ = 0, probe_count_ = 0;  // the probes on the device
  Memory values_;                        // (tile_pairs) estimates or scores of one tile
  Memory heads_, next_;                  // (probe_block), (room) the lists of the hits being taken
  std::array<Staging, 2> staging_;
  std::vector<DeviceSlot> slots_;
  std::vector<float> host_values_;
  BusyTime busy_;
  int64_t screened_ = 0;
};

}  // namespace

StreamFigures stream_scores_on(Device device, const GemmBf16& gemm, const RowSet& probes,
                               const RowSet& gallery, std::span<ScoreSink* const> sinks,
                               std::span<TileSink* const> tiles, const StreamOptions& options,
                               const PlanBlocks& plan) {
  StreamFigures figures{.pairs = probes.count * gallery.count};
  if (figures.pairs == 0) return figures;
  std::vector<std::unique_ptr<DeviceSink>> on_device;
  std::vector<Resumable*> kept(tiles.begin(), tiles.end());
  for (ScoreSink* sink : sinks) kept.push_back(on_device.emplace_back(sink->on(device, gallery.count)).get());
  int64_t growth = 0;
  for (const std::unique_ptr<DeviceSink>& sink : on_device) growth += sink->growth(figures.pairs);
  const DeviceBlocks blocks = plan(growth);
  const bool whole = options.arith == Arith::kF32 || !tiles.empty() || probes.dim > kMostBoundDim;
  const int64_t first = sinks.empty() ? blocks.gallery_block : std::min(kFirstRows, blocks.gallery_block);
  const std::vector<int64_t> begins = gallery_begins(gallery.count, first, blocks.gallery_block);
  const int64_t per_pass = std::ssize(begins) - 1;

  DeviceStream stream(device, gemm, probes, gallery, on_device, tiles, whole, blocks);
  std::unique_ptr<Progress> progress;
  if (!options.progress.empty() && figures.pairs >= kLongStream) {
    progress = std::make_unique<Progress>(options.progress, figures.pairs, "pairs");
  }
  StreamProgress on_disk(
      options,
      fmt::format("{} x {} rows of {}, device blocks of {} and {}, {} sinks", probes.count, gallery.count,
                  probes.dim, blocks.probe_block, blocks.gallery_block, kept.size()),
      kept);
  const int64_t resumed = on_disk.resume();
  int64_t done = 0, block = 0;  // pairs, and blocks before this pass over the gallery
  for (int64_t p = 0; p < probes.count; p += blocks.probe_block, block += per_pass) {
    const int64_t rows = std::min(blocks.probe_block, probes.count - p);
    const int64_t begin = std::clamp(resumed - block, int64_t{0}, per_pass);
    const auto size = [&](int64_t b) {
      return begins[static_cast<size_t>(b + 1)] - begins[static_cast<size_t>(b)];
    };
    const auto load = [&](int64_t b) {
      if (b < per_pass) stream.load_gallery(b, begins[static_cast<size_t>(b)], size(b));
    };
    const auto collect = [&](int64_t b) {
      stream.collect(b);
      done += rows * size(b);
      if (progress) progress->update(done);
      on_disk.note(block + b + 1);
    };
    done += rows * begins[static_cast<size_t>(begin)];
    if (progress && begin > 0) progress->resume_at(done);
    if (begin == per_pass) continue;
    stream.load_probes(p, rows);
    load(begin);
    // A block of the usual size is launched with cuts one block old; one that is as large as all before it
    // together waits for theirs.
    int64_t collected = begin;
    for (int64_t b = begin; b < per_pass; ++b) {
      const bool growing = size(b) < blocks.gallery_block;
      if (growing && collected < b) collect(collected++);
      stream.launch(b);
      load(b + 1);
      if (collected < b) collect(collected++);
    }
    collect(collected);
  }
  if (progress) progress->finish();
  on_disk.finish(block);
  for (const std::unique_ptr<DeviceSink>& sink : on_device) sink->fetch();
  figures.screened = stream.screened();
  figures.gpu_seconds = stream.gpu_seconds();
  return figures;
}

}  // namespace fr
