// stream_scores: the pair_score of every probe with every gallery row, tile by tile, shown to sinks. No score
// matrix exists; what is kept is what the sinks keep.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/device.h"
#include "core/error.h"

namespace fr {

class Backend;
class DeviceSink;

// `count` rows of `dim` f32 values, unit vectors where a score is to be a cosine. They are read when their
// tile comes, so they may be views of a mapped file. Failed items are left out by the caller, who counts
// them.
struct RowSet {
  int64_t count = 0, dim = 0;
  std::function<void(int64_t i, float* row)> read;  // writes row i (dim); any thread; the same each time
};

// What has been taken so far, as bytes, so that a long stream can stop and go on. Sinks of short streams do
// without: fr::Error.
class Resumable {
 public:
  virtual ~Resumable() = default;
  virtual std::string state() const { fail("a sink of this stream keeps no state"); }
  virtual void restore(std::string_view) {
    fail("a sink of this stream keeps no state");
  }  // into one made alike
};

// Scores of one probe with gallery rows `gallery` + c, of each c in `columns`.
struct ScoreRun {
  int64_t probe = 0, gallery = 0;
  const float* scores = nullptr;     // scores[c]
  std::span<const int32_t> columns;  // ascending
};

// Takes scores as they are made. Calls with one `thread` (0 … threads-1) come one after another, and so do
// calls about one probe, whatever the thread. Scores come in any order: what a sink holds at the end must not
// depend on it (ties by the smaller gallery index).
class ScoreSink : public Resumable {
 public:
  // The least score of `probe` that can still change this sink: lower ones need not be shown, and are not. It
  // may rise with time; -infinity asks for every score.
  virtual float cut(int64_t probe) const = 0;
  // All scores of a probe that reached the cut when it was asked for, and maybe some below.
  virtual void take(const ScoreRun& run, int thread) = 0;
  void take_one(int64_t probe, int64_t gallery, float score, int thread) {
    constexpr int32_t first = 0;
    take({probe, gallery, &score, {&first, 1}}, thread);
  }
  // The same on a device, from what this sink holds now, for a stream of `gallery` rows
  // (eval/score_device_sinks.h).
  virtual std::unique_ptr<DeviceSink> on(Device device, int64_t gallery) = 0;
};

// Scores of probes [probe, probe + rows) with gallery rows [gallery, gallery + cols).
struct ScoreTile {
  int64_t probe = 0, gallery = 0, rows = 0, cols = 0;
  int64_t stride = 0;             // floats between rows of `scores`
  const float* scores = nullptr;  // (rows, cols)
};

// Takes all scores, whole tiles at a time: for what no cut can spare (a histogram). Calls as above.
class TileSink : public Resumable {
 public:
  virtual void take(const ScoreTile& tile, int thread) = 0;
  // The same of a tile in a device's memory, whose work is done in the order of the calls. False: not
  // possible here; the tile is then copied to the host and taken there.
  virtual bool take_on(Device, const ScoreTile&) { return false; }
};

// How scores are found. No result depends on it.
enum class Arith {
  kAuto,        // the screen where it can pay
  kF32,         // every score by pair_score
  kInt8Screen,  // 8-bit products first, pair_score for what they leave; tiles they leave dense in f32 whole
};              // on a GPU both screens are one, of bf16 products
Arith parse_arith(const std::string& text);  // "auto", "f32", "int8-screen"; throws fr::Error

struct StreamOptions {
  Arith arith = Arith::kAuto;
  int64_t probe_block = 96, gallery_block = 2048;  // rows of a tile's two sides; no result depends on them
  Device device = Device::kCpu;
  Backend* backend = nullptr;  // on a GPU: its gemm_bf16 makes the screen's estimates
  std::string progress{};      // title of the progress line; none where empty

  // A file that keeps the sinks' state now and then, and at the end; none where empty. A stream of the same
  // key, shapes and sinks that finds it goes on from there, any other one is fr::Error. Whoever asked for it
  // removes it when what came of the scores is safe.
  std::string resume_file{}, resume_key{};
  double resume_seconds = 60;  // from one state to the next
};

// What a stream did, for its timing and for the log.
struct StreamFigures {
  int64_t pairs = 0;
  int64_t screened = 0;    // of them, those that the screen kept from being scored
  double gpu_seconds = 0;  // that a GPU worked; copies beside it are not counted, waits of sinks are
};

// Every probe with every gallery row: each `sinks` element is taken at least the scores not below its cut,
// each `tiles` element all of them. Throws fr::Error when the two sides differ in dim.
StreamFigures stream_scores(const RowSet& probes, const RowSet& gallery, std::span<ScoreSink* const> sinks,
                            std::span<TileSink* const> tiles = {}, const StreamOptions& options = {});

}  // namespace fr
