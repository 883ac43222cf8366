#include "backend/backend.h"

#include "core/error.h"

namespace fr {

void Backend::gemm_bf16(const Gemm&, const Bf16*, const Bf16*, float*) {
  fail("backend {}: no gemm in bf16", name());
}

std::unique_ptr<Backend> make_backend(const std::string& name) {
  const auto& registry = Registry<BackendKind>::instance();
  if (name != "auto") return registry.find(name)();
  return registry.find(registry.contains("onednn") ? "onednn" : "ref")();
}

}  // namespace fr
