// Sinks of a stream on a device: cuts are made and hits are taken where the scores are. What a sink holds at
// the end is what it holds after the same stream on a CPU.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "core/device.h"
#include "eval/score_hits.h"
#include "eval/score_stream.h"

namespace fr {

// Of a block or a tile, in the device's memory. Row r and column c of it are probe `probe` + r and gallery
// row `gallery` + c.
struct DeviceHits {
  const ScoreHit* items = nullptr;  // (count)
  int64_t count = 0;
  int64_t probe = 0, gallery = 0;
  int64_t first = 0, rows = 0;  // all are of rows [first, first + rows)
  // For sinks that go by_rows(). Of row r: items[heads[r]], then items[next[…]] until -1.
  const int32_t* heads = nullptr;
  const int32_t* next = nullptr;  // (count)
};

// Keeps on the device what `sink` keeps, from load() to fetch(). Calls are work in the order of the device's
// stream.
class DeviceSink : public Resumable {
 public:
  // cuts[i] becomes the cut of probe first + i where that is lower; cuts (count) on the device.
  virtual void lower_cuts(float* cuts, int64_t first, int64_t count) = 0;
  virtual void take(const DeviceHits& hits) = 0;
  virtual bool by_rows() const { return true; }        // reads the hits as a list a row
  virtual int64_t growth(int64_t) const { return 0; }  // bytes that it may take later on, of so many pairs
  virtual void load() = 0;                             // from the sink
  virtual void fetch() const = 0;                      // to the sink; waits
  std::string state() const override {
    fetch();
    return sink_.state();
  }
  void restore(std::string_view state) override {
    sink_.restore(state);
    load();
  }

 protected:
  DeviceSink(Device device, ScoreSink& sink) : device_(device), sink_(sink) {}
  Device device_;

 private:
  ScoreSink& sink_;
};

}  // namespace fr
