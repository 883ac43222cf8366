// One line of progress on stderr with rate and time left: rewritten in place on a terminal, a line now and
// then elsewhere.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace fr {

class Progress {
 public:
  // `unit` is the plural of what is counted ("images"); total < 0 when it is not known.
  Progress(std::string title, int64_t total, std::string unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  // What an earlier run did: it counts as done, but not for the rate.
  void resume_at(int64_t done) { begun_at_ = done_ = done; }
  // `detail` follows the figures ("loss 12.3").
  void update(int64_t done, const std::string& detail = {});
  void finish();

 private:
  void print(int64_t done, const std::string& detail, bool last);
  using Clock = std::chrono::steady_clock;
  std::string title_, unit_;
  int64_t total_, done_ = 0, begun_at_ = -1;
  std::string detail_;
  Clock::time_point begin_, printed_;
  bool terminal_, finished_ = false;
};

std::string duration_text(double seconds);  // "42s", "3m07s", "2h05m"

}  // namespace fr
