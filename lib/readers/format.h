// Format: one kind of file or folder that a program may be given. A new one is one file in this folder.
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "core/registry.h"
#include "data/dataset.h"

namespace fr {

class Format {
 public:
  virtual ~Format() = default;
  // Looks at names and first bytes only. At most one format should say yes to a path.
  virtual bool matches(const std::filesystem::path& path) const = 0;
  // What the path is and holds: "kind: facts", further facts on lines of their own. Throws fr::Error.
  virtual std::string describe(const std::filesystem::path& path) const = 0;
  // The training data in it; null for a kind that holds none.
  virtual std::unique_ptr<Dataset> open(const std::filesystem::path&) const { return nullptr; }
};

struct FormatKind {
  static constexpr const char* name = "data format";
  using Factory = const Format& (*)();
};

}  // namespace fr
