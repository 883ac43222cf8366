#include "backend/backend.h"

namespace fr {

std::unique_ptr<Backend> make_backend(const std::string& name) {
  const auto& registry = Registry<BackendKind>::instance();
  if (name != "auto") return registry.find(name)();
  return registry.find(registry.contains("onednn") ? "onednn" : "ref")();
}

}  // namespace fr
