// Scratch memory of the operations: taken in a scope, given back in one piece at its end, and used again in
// the order of the stream.
//
// Blocks never move and are never freed, so that a captured CUDA graph stays valid whatever runs after it.
// The same sequence of calls takes the same places: after the first step nothing is allocated.
#pragma once
#include <algorithm>
#include <cassert>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/tensor.h"

namespace fr::cuda {

class Pool {
 public:
  static constexpr int64_t kAlignment = 256;  // bytes, of every size; of addresses as far as the device goes
  static constexpr int64_t kLeastBlock = 1 << 20;  // bytes

  explicit Pool(Device device) : device_(device) {}

  // What is taken while a scope lives is given back at its end. Scopes nest.
  class Scope {
   public:
    explicit Scope(Pool& pool) : pool_(pool), taken_(pool.taken_.size()) {}
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() {
      for (; pool_.taken_.size() > taken_; pool_.taken_.pop_back()) {
        const auto [block, used] = pool_.taken_.back();
        pool_.blocks_[block].used = used;
      }
    }

   private:
    Pool& pool_;
    size_t taken_;
  };

  // So many bytes, uninitialised; at least kAlignment.
  std::byte* take(int64_t bytes) {
    const int64_t size = (std::max<int64_t>(bytes, 1) + kAlignment - 1) / kAlignment * kAlignment;
    size_t i = 0;
    while (i < blocks_.size() && blocks_[i].memory.bytes() - blocks_[i].used < size) ++i;
    if (i == blocks_.size()) blocks_.push_back({grown_by(size), 0});
    taken_.emplace_back(i, blocks_[i].used);
    std::byte* const place = blocks_[i].memory.data() + blocks_[i].used;
    blocks_[i].used += size;
    return place;
  }

  // Of all blocks: what this pool costs.
  int64_t bytes() const {
    int64_t sum = 0;
    for (const Block& block : blocks_) sum += block.memory.bytes();
    return sum;
  }

 private:
  // As much as there is already, so that blocks stay few; no more than is asked for where memory is short.
  Memory grown_by(int64_t size) const {
    const int64_t wanted = std::max({size, bytes(), kLeastBlock});
    try {
      return Memory(wanted, device_);
    } catch (const Error&) {
      if (wanted == size) throw;
      return Memory(size, device_);
    }
  }

  struct Block {
    Memory memory;
    int64_t used = 0;  // bytes
  };
  Device device_;
  std::vector<Block> blocks_;
  std::vector<std::pair<size_t, int64_t>> taken_;  // block and its bytes used before, latest last
};

}  // namespace fr::cuda
