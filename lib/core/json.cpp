#include "core/json.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"

namespace fr {

Json read_json(const std::filesystem::path& path) {
  const MappedFile file(path);
  try {
    return Json::parse(file.text());
  } catch (const Json::exception& error) {  // malformed, or a number beyond a double
    fail("{}: not JSON: {}", path.string(), error.what());
  }
}

std::string to_text(const Json& value) { return value.dump(2) + "\n"; }

void write_json(const std::filesystem::path& path, const Json& value) { write_file(path, to_text(value)); }

}  // namespace fr
