// The folder of one training run: its file names, and the guard that one process writes to it at a time.
#pragma once
#include <filesystem>

namespace fr {

class RunFolder {
 public:
  // Makes the folder, locks it until destruction (a killed process loses its lock by itself) and removes the
  // temporaries a killed run left. Throws fr::Error when another process holds it.
  explicit RunFolder(const std::filesystem::path& path);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path model() const { return path_ / "model.safetensors"; }            // the final backbone
  std::filesystem::path checkpoint() const { return path_ / "checkpoint.safetensors"; }  // all a resume needs
  std::filesystem::path log() const { return path_ / "log.jsonl"; }

 private:
  std::filesystem::path path_;
  int lock_ = -1;
};

}  // namespace fr
