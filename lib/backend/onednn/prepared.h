// A oneDNN primitive with the reorders its operands need, its memory objects and its share of the scratch
// memory.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "backend/onednn/version.h"
#include "core/tensor.h"

namespace fr::onednn {

// The format of an activation; layouts of block 1, 8, 16 and C. Throws fr::Error for another block.
dnnl::memory::desc format_of(Shape shape, Layout layout);
// The layout whose memory a format describes, where it is one of ours.
std::optional<Layout> layout_of(const dnnl::memory::desc& format, Shape shape);

// f32 arithmetic, scratch memory given by us. A copy of a primitive_attr is the same object, hence a new one
// each time.
dnnl::primitive_attr strict_attributes();

// One operand: `given` by the caller, `chosen` by the primitive; a reorder between them where these differ.
struct Slot {
  int argument = 0;  // DNNL_ARG_*
  dnnl::memory given, chosen;
  dnnl::primitive reorder;  // empty where the formats agree
  int64_t offset = 0;       // of `chosen` in the scratch memory, in bytes
};

struct Prepared {
  dnnl::primitive primitive;
  std::string implementation;
  std::array<Slot, 3> slots;  // first input, second input (unused: argument 0), output
  dnnl::memory scratchpad;
  int64_t scratchpad_offset = 0, scratch_bytes = 0;
  std::unordered_map<int, dnnl::memory> arguments;

  // Sets slot `index`; `add` makes the output's reorder add to what the caller gave.
  void set_slot(size_t index, int argument, const dnnl::memory::desc& given, const dnnl::memory::desc& chosen,
                bool add, const dnnl::engine& engine);
  // Call after the slots: lays out the scratch memory and the arguments.
  void finish(const dnnl::memory::desc& scratchpad_format, const dnnl::engine& engine);

 private:
  int64_t take(int64_t bytes);
};

}  // namespace fr::onednn
