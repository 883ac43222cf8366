#include "backend/onednn/prepared.h"

#include "core/error.h"

namespace fr::onednn {

using dnnl::memory;

namespace {

memory::desc tagged(Shape s, memory::format_tag tag) {
  return {{s.n, s.c, s.h, s.w}, memory::data_type::f32, tag};
}

}  // namespace

memory::desc format_of(Shape shape, Layout layout) {
  using tag = memory::format_tag;
  if (layout.block == 1) return tagged(shape, tag::nchw);
  if (layout.block == 16) return tagged(shape, tag::nChw16c);
  if (layout.block == 8) return tagged(shape, tag::nChw8c);
  FR_CHECK(layout.block == shape.c, "onednn: {} in channel blocks of {} (1, 8, 16 or all are known)",
           shape.text(), layout.block);
  return tagged(shape, tag::nhwc);
}

std::optional<Layout> layout_of(const memory::desc& format, Shape shape) {
  for (const int64_t block : {int64_t{16}, int64_t{8}, int64_t{1}, shape.c})
    if (shape.c % block == 0 && format_of(shape, {block}) == format) return Layout{block};
  return {};
}

dnnl::primitive_attr strict_attributes() {
  dnnl::primitive_attr made;
  made.set_fpmath_mode(dnnl::fpmath_mode::strict);
  made.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return made;
}

int64_t Prepared::take(int64_t bytes) {
  const int64_t offset = scratch_bytes;
  scratch_bytes += (bytes + 63) / 64 * 64;
  return offset;
}

void Prepared::set_slot(size_t index, int argument, const memory::desc& given, const memory::desc& chosen,
                        bool add, const dnnl::engine& engine) {
  Slot& slot = slots[index];
  slot.argument = argument;
  slot.given = memory(given, engine, nullptr);
  if (given == chosen && !add) {
    slot.chosen = slot.given;
    return;
  }
  slot.chosen = memory(chosen, engine, nullptr);
  slot.offset = take(static_cast<int64_t>(chosen.get_size()));
  dnnl::primitive_attr attributes;
  if (add) {
    dnnl::post_ops operations;
    operations.append_sum(1.0f);
    attributes.set_post_ops(operations);
  }
  const bool is_output = index + 1 == slots.size();
  const memory::desc& from = is_output ? chosen : given;
  const memory::desc& to = is_output ? given : chosen;
  slot.reorder = dnnl::reorder(dnnl::reorder::primitive_desc(engine, from, engine, to, attributes));
}

void Prepared::finish(const memory::desc& scratchpad_format, const dnnl::engine& engine) {
  scratchpad = memory(scratchpad_format, engine, nullptr);
  scratchpad_offset = take(static_cast<int64_t>(scratchpad_format.get_size()));
  arguments[DNNL_ARG_SCRATCHPAD] = scratchpad;
  for (const Slot& slot : slots)
    if (slot.argument != 0) arguments[slot.argument] = slot.chosen;
}

}  // namespace fr::onednn
