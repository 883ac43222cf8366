#include "eval/score_blocks.h"

#include <algorithm>

#include "core/error.h"
#include "eval/score_hits.h"

namespace fr {

namespace {

// Estimates of a tile stay in L2 (50 MB) from the multiplication to the comparison.
constexpr int64_t kTileRows = 2048, kTileCols = 4096, kLeastTileRows = 128, kLeastTileCols = 256;
constexpr int64_t kGalleryBlock = 32768, kLeastGalleryBlock = 256;
constexpr int64_t kLeastProbes = 256;
// Candidates of a block: twelve million of 274,000 x 32,768 pairs, where half of the scores that cuts go by
// have been seen; all of the first ones.
constexpr int64_t kRoom = int64_t{1} << 26;

// 15 % of what is free is left to libraries and to other programs.
int64_t usable(int64_t free_bytes) { return free_bytes / 20 * 17; }

int64_t bytes_of_probe(int64_t dim) {
  return DeviceRows::bytes_of(dim) + kDeviceSlots * (int64_t{sizeof(ProbeBound)} + 4) + 4;
}

}  // namespace

int64_t device_bytes(const DeviceBlocks& blocks, int64_t dim) {
  const int64_t lists = int64_t{sizeof(Candidate)} + int64_t{sizeof(ScoreHit)};
  return blocks.probe_block * bytes_of_probe(dim) +
         kDeviceSlots * blocks.gallery_block * DeviceRows::bytes_of(dim) + blocks.tile_pairs * 4 +
         blocks.room * (kDeviceSlots * lists + 4);
}

DeviceBlocks plan_device_blocks(int64_t probes, int64_t gallery, int64_t dim, int64_t free_bytes) {
  const int64_t budget = usable(free_bytes);
  int64_t rows = kTileRows, cols = kTileCols, block = kGalleryBlock, room = kRoom;
  const auto planned = [&](int64_t probe_block) {
    const int64_t width = std::min(cols, (std::min(gallery, block) + 7) / 8 * 8);
    const int64_t tile_pairs = std::min(rows * cols, probes * width);
    return DeviceBlocks{.probe_block = probe_block,
                        .gallery_block = std::min(gallery, block),
                        .tile_pairs = tile_pairs,
                        .tile_cols = width,
                        .room = std::max(tile_pairs, std::min(room, probes * std::min(gallery, block)))};
  };
  const auto fits = [&](int64_t probe_block) { return device_bytes(planned(probe_block), dim) <= budget; };
  while (!fits(std::min(probes, std::max(kLeastProbes, budget / 2 / bytes_of_probe(dim))))) {
    if (room > rows * cols) {
      room /= 2;
      continue;
    }
    const bool least = rows == kLeastTileRows && cols == kLeastTileCols && block == kLeastGalleryBlock;
    FR_CHECK(!least, "GPU memory: {} MB free are not enough for scores of rows of {} values",
             free_bytes >> 20, dim);
    rows = std::max(rows / 2, kLeastTileRows);
    cols = std::max(cols / 2, kLeastTileCols);
    block = std::max(block / 2, kLeastGalleryBlock);
  }
  const int64_t left = budget - device_bytes(planned(0), dim);
  return planned(std::min(probes, left / bytes_of_probe(dim)));
}

std::vector<int64_t> gallery_begins(int64_t count, int64_t first, int64_t block) {
  std::vector<int64_t> begins;
  int64_t begin = 0;
  for (int64_t size = first; begin < count; begin += size) {
    begins.push_back(begin);
    if (begin > 0) size = std::min(block, begin);
  }
  begins.push_back(count);
  return begins;
}

}  // namespace fr
