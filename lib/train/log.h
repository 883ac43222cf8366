// The training log: one JSON object a line, each with its "step". A resumed run continues it as if never
// interrupted.
#pragma once
#include <cstdint>
#include <filesystem>

#include "core/json.h"

namespace fr {

class TrainLog {
 public:
  // Keeps the lines of steps up to `resumed_at` (0: none) and drops what a killed run wrote after its last
  // checkpoint.
  TrainLog(const std::filesystem::path& path, int64_t resumed_at);
  ~TrainLog();
  TrainLog(const TrainLog&) = delete;
  TrainLog& operator=(const TrainLog&) = delete;
  // One line, at once in the file. Throws fr::Error "PATH: reason".
  void write(const Json& entry);

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace fr
