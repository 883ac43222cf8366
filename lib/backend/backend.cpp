#include "backend/backend.h"

#include "core/device_memory.h"
#include "core/error.h"
#include "core/module.h"

namespace fr {

void Backend::gemm_bf16(const Gemm&, const Bf16*, const Bf16*, float*) {
  fail("backend {}: no gemm in bf16", name());
}

namespace {

// The module `cuda` holds the folder cuda/. Empty once it is loaded; otherwise why it cannot be, in one line.
std::string load_cuda() {
  if (!has_module("cuda")) return "this build has no cuda backend";
  try {
    load_module("cuda");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

std::vector<std::string> backend_names() {
  load_cuda();
  return Registry<BackendKind>::instance().names();
}

std::string why_no_backend(const std::string& name) {
  if (!name.starts_with("cuda")) return "";
  return why_no_cuda().empty() ? load_cuda() : why_no_cuda();
}

std::unique_ptr<Backend> make_backend(const std::string& name) {
  const auto& registry = Registry<BackendKind>::instance();
  // Where there is a GPU, a module that cannot be loaded is a fault and no reason to use the CPU unasked.
  if (name == "auto" && has_module("cuda") && why_no_cuda().empty()) return make_backend("cuda");
  if (name == "auto" || name == "cpu") return make_backend(registry.contains("onednn") ? "onednn" : "ref");
  if (!registry.contains(name)) {
    const std::string why = load_cuda();  // also for find(), which names all that are known
    FR_CHECK(why.empty() || !name.starts_with("cuda"), "backend {}: {}", name, why);
  }
  const BackendKind::Factory make = registry.find(name);
  const std::string why = why_no_backend(name);
  FR_CHECK(why.empty(), "backend {}: {}", name, why);
  return make();
}

}  // namespace fr
