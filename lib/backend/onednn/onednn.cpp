#include "backend/onednn/onednn.h"

#include "core/parallel.h"

namespace fr {
namespace {

const Registration<BackendKind> kOnednn("onednn", []() -> std::unique_ptr<Backend> {
  return std::make_unique<OnednnBackend>();
});

}  // namespace

OnednnBackend::OnednnBackend() : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {}

OnednnBackend::Key OnednnBackend::key(Operation operation, const ConvGeometry& g, const View& x,
                                      const View& y) const {
  return {operation, g.kernel,  g.stride,       g.pad,          g.groups,  x.shape.n,     x.shape.c,
          x.shape.h, x.shape.w, x.layout.block, y.layout.block, y.shape.c, thread_count()};
}

View OnednnBackend::flat_rows(Shape shape) {
  if (rows_.shape().count() < shape.count()) rows_ = Tensor(shape);
  return {rows_.f32(), shape, {}, DType::kF32};
}

void OnednnBackend::execute(onednn::Prepared& p, const void* first, const void* second, void* output) {
  std::byte* memory = scratch_.reserve(p.scratch_bytes);
  void* const given[] = {const_cast<void*>(first), const_cast<void*>(second), output};
  for (size_t i = 0; i < p.slots.size(); ++i) {
    onednn::Slot& slot = p.slots[i];
    if (slot.argument == 0) continue;
    slot.given.set_data_handle(given[i]);
    if (!slot.reorder) continue;
    slot.chosen.set_data_handle(memory + slot.offset);
    if (i + 1 < p.slots.size())
      slot.reorder.execute(stream_, {{DNNL_ARG_FROM, slot.given}, {DNNL_ARG_TO, slot.chosen}});
  }
  p.scratchpad.set_data_handle(memory + p.scratchpad_offset);
  p.primitive.execute(stream_, p.arguments);
  const onednn::Slot& last = p.slots.back();
  if (last.reorder) last.reorder.execute(stream_, {{DNNL_ARG_FROM, last.chosen}, {DNNL_ARG_TO, last.given}});
  stream_.wait();
}

std::vector<std::string> OnednnBackend::implementations() const {
  return {implementations_.begin(), implementations_.end()};
}

}  // namespace fr
