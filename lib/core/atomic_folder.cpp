#include "core/atomic_folder.h"

#include <unistd.h>

#include <system_error>
#include <utility>

#include "core/error.h"

namespace fs = std::filesystem;

namespace fr {

AtomicFolder::AtomicFolder(fs::path path) : path_(std::move(path)) {
  if (!path_.has_filename()) path_ = path_.parent_path();  // "faces/"
  FR_CHECK(!fs::exists(path_) || (fs::is_directory(path_) && fs::is_empty(path_)),
           "{}: exists and is not an empty folder", path_.string());
  temporary_ = path_;
  temporary_ += fmt::format(".{}.tmp", ::getpid());
  std::error_code error;
  fs::create_directories(temporary_, error);
  FR_CHECK(!error, "{}: {}", path_.string(), error.message());
}

AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  if (!committed_) fs::remove_all(temporary_, ignored);
}

void AtomicFolder::commit() {
  std::error_code error;
  fs::rename(temporary_, path_, error);
  FR_CHECK(!error, "{}: {}", path_.string(), error.message());
  committed_ = true;
}

}  // namespace fr
