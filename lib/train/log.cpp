#include "train/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>

#include "core/error.h"
#include "core/files.h"

namespace fr {

namespace {

std::string lines_up_to(const std::filesystem::path& path, int64_t step) {
  std::string kept;
  if (step == 0 || !std::filesystem::exists(path)) return kept;
  for_each_line(MappedFile(path).text(), [&](std::string_view line, int64_t) {
    const Json entry = Json::parse(line, nullptr, false);  // the last line of a killed run may be cut short
    if (!entry.is_object() || entry.value("step", step + 1) > step) return;
    kept.append(line).push_back('\n');
  });
  return kept;
}

}  // namespace

TrainLog::TrainLog(const std::filesystem::path& path, int64_t resumed_at) : path_(path) {
  write_file(path, lines_up_to(path, resumed_at));
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  FR_CHECK(descriptor_ >= 0, "{}: {}", path.string(), std::strerror(errno));
}

TrainLog::~TrainLog() { ::close(descriptor_); }

void TrainLog::write(const Json& entry) {
  const std::string line = entry.dump() + "\n";
  const ssize_t written = ::write(descriptor_, line.data(), line.size());
  FR_CHECK(written >= 0, "{}: {}", path_.string(), std::strerror(errno));
  FR_CHECK(written == static_cast<ssize_t>(line.size()), "{}: only {} of {} bytes written", path_.string(),
           written, line.size());
}

}  // namespace fr
