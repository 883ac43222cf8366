// What the margin head keeps in its device's memory, part by part, as a function of its sizes.
#pragma once
#include <cstdint>

namespace fr {

struct HeadSizes {
  int64_t classes = 0;  // of the shard
  int64_t d = 0;        // values of an embedding
  int64_t rows = 0;     // of a batch
  int64_t tile = 0;     // classes whose logits exist at one time
  int64_t sampled = 0;  // columns of a step with sampled classes; 0: all classes, none sampled
  bool normalise = true, bias = false;
  bool sgd = true;    // steps its own weights; otherwise all their gradients exist
  bool bf16 = false;  // products in bf16
  int64_t parts = 1;  // that a row's sum is made of, see head::Tile
};

struct HeadMemory {  // bytes
  int64_t weights = 0, momentum = 0, gradients = 0;
  int64_t classes = 0;  // norms, squares of gradients, draws
  int64_t rows = 0;     // embeddings, their gradients, a row's sums
  int64_t tile = 0;     // logits, gradients and weights of one tile
  int64_t total() const { return weights + momentum + gradients + classes + rows + tile; }
};

HeadMemory head_memory(const HeadSizes& sizes);

// Throws fr::Error in one line where so much is not free: "loss arcface: 10000000 classes of 512 values need
// 41943 MB (…), 30000 MB are free".
void check_head_memory(const char* loss, const HeadSizes& sizes, int64_t free);

}  // namespace fr
