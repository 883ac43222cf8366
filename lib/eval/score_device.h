// stream_scores on a GPU: products of rows rounded to bf16 say which pairs can matter to a sink, and
// pair_score's own chain scores those; what the sinks are shown has the same bits as on a CPU.
// - Probes stay on the device, blocks of gallery rows pass through: while one is computed the next is read,
//   copied and rounded.
// - Sinks take a block's hits where they are (eval/score_device_sinks.h), once the host knows how many. Cuts
// are
//   made before each block; those of a block ago are lower, which is safe.
// - A block that leaves more candidates than there is room for is done again tile by tile, and a tile that
//   leaves many of its pairs is scored whole. TileSinks take what is scored whole where it is, if they can.
#pragma once
#include <cstdint>
#include <functional>
#include <span>

#include "backend/backend.h"
#include "eval/score_blocks.h"
#include "eval/score_stream.h"

namespace fr {

// c (m, n) overwritten, as Backend::gemm_bf16; only ever c = a b^T.
using GemmBf16 = std::function<void(const Backend::Gemm& g, const Bf16* a, const Bf16* b, float* c)>;

// How to cut a stream, asked for when its sinks have their memory, beside which they may take `growth` bytes.
using PlanBlocks = std::function<DeviceBlocks(int64_t growth)>;

// As stream_scores. On Device::kCpu the same code runs, slowly, for tests.
StreamFigures stream_scores_on(Device device, const GemmBf16& gemm, const RowSet& probes,
                               const RowSet& gallery, std::span<ScoreSink* const> sinks,
                               std::span<TileSink* const> tiles, const StreamOptions& options,
                               const PlanBlocks& plan);

}  // namespace fr
