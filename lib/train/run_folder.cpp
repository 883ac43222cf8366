#include "train/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "core/error.h"

namespace fr {

namespace {

void remove_temporaries(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> stale;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().extension() == ".tmp") stale.push_back(entry.path());
  }
  std::error_code ignored;
  for (const auto& path : stale) std::filesystem::remove(path, ignored);
}

}  // namespace

RunFolder::RunFolder(const std::filesystem::path& path) : path_(path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  FR_CHECK(!error, "{}: {}", path.string(), error.message());
  const auto lock = path / ".lock";
  lock_ = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  FR_CHECK(lock_ >= 0, "{}: {}", lock.string(), std::strerror(errno));
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock_);
    fail("{}: another training run is writing to this folder", path.string());
  }
  remove_temporaries(path);
}

RunFolder::~RunFolder() { ::close(lock_); }

}  // namespace fr
