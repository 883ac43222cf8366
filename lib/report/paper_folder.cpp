// Where the published tables lie at run time; apart because it alone knows the source and install folders.
#include "report/paper_table.h"

namespace fr {

std::filesystem::path paper_folder() {
  std::error_code unreadable;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", unreadable);
  auto installed = program.parent_path().parent_path() / FR_DATA_FOLDER / "fr" / "paper";
  if (!unreadable && std::filesystem::is_directory(installed)) return installed;
  return std::filesystem::path(FR_SOURCE_DIR) / "results" / "paper";
}

}  // namespace fr
