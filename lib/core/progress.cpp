#include "core/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace fr {

std::string duration_text(double seconds) {
  const auto s = static_cast<int64_t>(seconds + 0.5);
  if (s < 60) return fmt::format("{}s", s);
  if (s < 3600) return fmt::format("{}m{:02}s", s / 60, s % 60);
  return fmt::format("{}h{:02}m", s / 3600, s / 60 % 60);
}

Progress::Progress(std::string title, int64_t total, std::string unit)
    : title_(std::move(title)),
      unit_(std::move(unit)),
      total_(total),
      begin_(Clock::now()),
      printed_(begin_),
      terminal_(::isatty(2) != 0) {}

Progress::~Progress() { finish(); }

void Progress::update(int64_t done, const std::string& detail) {
  if (begun_at_ < 0) begun_at_ = done_;
  done_ = done;
  detail_ = detail;
  const auto now = Clock::now();
  if (std::chrono::duration<double>(now - printed_).count() < (terminal_ ? 0.2 : 15.0)) return;
  printed_ = now;
  print(done, detail, false);
}

void Progress::finish() {
  if (std::exchange(finished_, true)) return;
  if (done_ > 0) print(done_, detail_, true);
}

void Progress::print(int64_t done, const std::string& detail, bool last) {
  const double elapsed = std::chrono::duration<double>(Clock::now() - begin_).count();
  const double rate = elapsed > 0 ? static_cast<double>(done - begun_at_) / elapsed : 0;
  std::string line = fmt::format("{}: {}", title_, done);
  if (total_ >= 0) line += fmt::format("/{}", total_);
  line += fmt::format(" {}, {:.{}f}/s", unit_, rate, rate < 100 ? 1 : 0);
  if (last) {
    line += ", " + duration_text(elapsed);
  } else if (total_ >= 0 && rate > 0) {
    line += ", " + duration_text(static_cast<double>(total_ - done) / rate) + " left";
  }
  if (!detail.empty()) line += ", " + detail;
  if (terminal_) {
    std::fprintf(stderr, "\r\033[K%s%s", line.c_str(), last ? "\n" : "");
  } else {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
  std::fflush(stderr);
}

}  // namespace fr
