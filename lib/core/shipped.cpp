// Apart, because it alone knows the source and install folders.
#include "core/shipped.h"

namespace fr {

std::filesystem::path shipped_folder(const std::string& name) {
  std::error_code unreadable;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", unreadable);
  auto installed = program.parent_path().parent_path() / FR_DATA_FOLDER / "fr" / name;
  if (!unreadable && std::filesystem::is_directory(installed)) return installed;
  return std::filesystem::path(FR_SOURCE_DIR) / name;
}

}  // namespace fr
