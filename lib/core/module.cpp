#include "core/module.h"

#include <dlfcn.h>

#include <filesystem>

#include "core/error.h"

namespace fr {

namespace {

std::string module_path(const std::string& name) {
  Dl_info info{};
  dladdr(reinterpret_cast<const void*>(&load_module), &info);
  return std::filesystem::path(info.dli_fname).parent_path() / ("libfr_" + name + ".so");
}

}  // namespace

bool has_module(const std::string& name) {
  std::error_code unreadable;
  return std::filesystem::exists(module_path(name), unreadable);
}

void load_module(const std::string& name) {
  // The loader keeps count and holds its own lock.
  if (dlopen(module_path(name).c_str(), RTLD_NOW) == nullptr) fail("module {}: {}", name, dlerror());
}

}  // namespace fr
