// A screen in 8 bits before the f32 scores: which pairs of a tile can reach a cut at all. Rows are rounded to
// a step of their own; the difference to the true score is bounded (design 8), with a, b the rows and a', b'
// what the codes stand for, by
//   |a.b - a'.b'| <= |a - a'| |b| + |a'| |b - b'|,
// plus rounding. What may reach the cut is scored by pair_score, so no result depends on the screen.
//
// Processors before VNNI add up two u8 x s8 products in 16 bits. Sums of many more fit as well, because the
// steps keep both sides of one short: the product of their lengths bounds it (Cauchy-Schwarz), and what
// overflows on the way there comes back. One widening then serves kQuadRun multiplications.
#pragma once
#include <cstdint>
#include <limits>
#include <vector>

#include "core/tensor.h"
#include "eval/score_kernel.h"
#include "eval/score_stream.h"

namespace fr {

inline constexpr int kMostProbeCode = 63, kMostGalleryCode = 127;  // in size
inline constexpr int kProbeOffset = 64;                            // makes probe codes unsigned
static_assert(2 * (kMostProbeCode + kProbeOffset) * kMostGalleryCode <= 32767);
// A run is kQuadRun quads of codes, or the rest of a row. The first two codes of its quads are one half of
// it, the last two the other: the products of one half add up in 16 bits.
inline constexpr int64_t kQuadRun = 32;
inline constexpr int kLongestHalf = 181;  // most length of the codes of half a run
static_assert(kLongestHalf * kLongestHalf <= 32767);

// The codes of one side's panels, and what bounds their error.
class CodedPanels {
 public:
  // For up to `rows` rows of `dim` values in panels of `width` lanes (kProbePanel or kGalleryPanel).
  CodedPanels(int64_t rows, int64_t dim, int64_t width);
  // Codes rows [begin, begin + count) of `set`, which are left in rows (count, dim) where it is not null.
  // Runs on all threads.
  void code(const RowSet& set, int64_t begin, int64_t count, float* rows = nullptr);

  const uint8_t* panel(int64_t first_row) const {  // as CodedBlock has it
    return reinterpret_cast<const uint8_t*>(codes_.data()) + first_row / width_ * panel_bytes_;
  }
  int64_t panel_bytes() const { return panel_bytes_; }
  int64_t quads() const { return quads_; }
  const float* step() const { return step_.data(); }    // (rows) value of one code
  const float* error() const { return error_.data(); }  // (rows) |row - coded row|, rounded up
  const float* length() const {
    return length_.data();
  }  // (rows) |row| and |coded row|: the larger, rounded up

 private:
  void code_row(const float* row, int64_t index, int8_t* codes);
  int64_t dim_, width_, quads_, panel_bytes_;
  Memory codes_;
  std::vector<float> step_, error_, length_;
};

// Whether this processor has the instructions that make the screen worth its while.
bool has_int8_kernel();

// Six probes and 16 gallery rows: their codes, and what they are held against.
struct CodedBlock {
  const uint8_t* a;    // u8 (quads, 6, 4): codes + kProbeOffset
  const uint8_t* b;    // of each run: s16 (16, 2), what takes the offset from the halves; s8 (quads, 16, 4)
  const float* step;   // (16)
  const float* least;  // (6)
};
struct CodedProducts {
  int32_t products[kProbePanel][kGalleryPanel];  // sum over k of probe code r,k * gallery code c,k
  uint32_t reaching[kProbePanel];                // bit c: products[r][c] * step[c] is not below least[r]
};
// Whether any pair of the block reaches. Only where has_int8_kernel().
bool screen_codes(int64_t quads, const CodedBlock& block, CodedProducts& out);

// The rounding of two sums of `dim` products, as a share of |a| |b|: no score and no estimate is further off.
inline float rounding_share(int64_t dim) {
  return 2 * static_cast<float>(dim + 16) * std::numeric_limits<float>::epsilon();
}

// A tile's pairs that can reach their row's cut: the columns of each row, ascending.
struct ScreenTile {
  int64_t probe = 0, gallery = 0, rows = 0, cols = 0;  // first rows in the coded panels; rows a multiple of 6
};
// candidates (rows): cleared and filled. cuts (rows). False as soon as more than `most` pairs pass: the tile
// is then better scored whole.
bool screen_tile(const CodedPanels& probes, const CodedPanels& gallery, const ScreenTile& tile, int64_t dim,
                 const float* cuts, int64_t most, std::vector<std::vector<int32_t>>& candidates);

}  // namespace fr
