// How a stream of scores is cut to a GPU's memory.
#pragma once
#include <cstdint>
#include <vector>

namespace fr {

struct DeviceBlocks {
  int64_t probe_block = 0;    // probes that are on the device at a time
  int64_t gallery_block = 0;  // gallery rows in each of kDeviceSlots slots
  int64_t tile_pairs = 0;     // room for estimates
  int64_t tile_cols = 0;      // of a tile, where the block has as many
  int64_t room = 0;           // in each slot, for candidates and for hits; at least tile_pairs
  bool operator==(const DeviceBlocks&) const = default;
};
inline constexpr int64_t kDeviceSlots = 3;  // one read into, one computed, one whose hits are taken

// Bytes on the device of a stream so cut, without its sinks.
int64_t device_bytes(const DeviceBlocks& blocks, int64_t dim);

// The largest blocks up to what is useful. Where memory is short, tile and gallery block are halved first,
// then the probes are taken in parts. Throws fr::Error where not even small ones fit. Numbers >= 1.
DeviceBlocks plan_device_blocks(int64_t probes, int64_t gallery, int64_t dim, int64_t free_bytes);

// Where the blocks of a gallery begin, its count last. The first ones are small and double: cuts that start
// at -infinity are known before many scores have passed them. first = block: no such start.
std::vector<int64_t> gallery_begins(int64_t count, int64_t first, int64_t block);

}  // namespace fr
