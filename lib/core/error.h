// The one exception type and the one check macro. User and data faults throw fr::Error; bugs are assert().
#pragma once
#include <fmt/core.h>

#include <stdexcept>
#include <string>

namespace fr {

// what() is one line for the user: it names the file, line or offset of the *data* and the offending value.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Without control characters: what a hostile file holds neither breaks the line nor steers the terminal.
inline std::string one_line(std::string text) {
  for (char& c : text)
    if ((c >= 0 && c < ' ' && c != '\t') || c == '\x7f') c = '?';
  return text;
}

template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(one_line(fmt::format(format, std::forward<Args>(args)...)));
}

}  // namespace fr

// FR_CHECK(condition, "format", args...): throws fr::Error with the formatted text when the condition is
// false.
#define FR_CHECK(condition, ...)               \
  do {                                         \
    if (!(condition)) ::fr::fail(__VA_ARGS__); \
  } while (false)
