// A folder that appears complete or not at all: filled beside its place, renamed in commit(), removed without
// it.
#pragma once
#include <filesystem>

namespace fr {

class AtomicFolder {
 public:
  // Makes the temporary and missing parent folders. Throws fr::Error when `path` is anything but absent or an
  // empty folder.
  explicit AtomicFolder(std::filesystem::path path);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;
  const std::filesystem::path& temporary() const { return temporary_; }
  void commit();

 private:
  std::filesystem::path path_, temporary_;
  bool committed_ = false;
};

}  // namespace fr
