#include "backend/backend.h"

#include "core/device_memory.h"
#include "core/error.h"

namespace fr {

void Backend::gemm_bf16(const Gemm&, const Bf16*, const Bf16*, float*) {
  fail("backend {}: no gemm in bf16", name());
}

std::string why_no_backend(const std::string& name) { return name.starts_with("cuda") ? why_no_cuda() : ""; }

std::unique_ptr<Backend> make_backend(const std::string& name) {
  const auto& registry = Registry<BackendKind>::instance();
  if (name == "auto" && registry.contains("cuda") && why_no_cuda().empty()) return registry.find("cuda")();
  if (name != "auto" && name != "cpu") return registry.find(name)();
  return registry.find(registry.contains("onednn") ? "onednn" : "ref")();
}

}  // namespace fr
