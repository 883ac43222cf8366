// What tests share: where known answers and real data lie, skipping aloud without them, scratch folders.
#pragma once
#include <cmath>
#include <filesystem>
#include <string>

#include "core/error.h"

namespace fr::test {

// Folders named by FR_GOLDEN, FR_GOLDEN_EVAL, FR_SHARED_DATA; by default ../shared/{golden,golden_eval,data}
// beside the sources. When absent these count a skip, say so on stdout and return an empty path: `if
// (dir.empty()) return;`.
std::filesystem::path golden();
std::filesystem::path golden_eval();
std::filesystem::path shared_data();
int skips();

// An empty folder for one test, removed at its end.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// The text of the fr::Error that `body` throws; empty when it throws none.
template <class Body>
std::string error_of(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

// |got - expected| / |expected|, sizes equal (otherwise not a number).
template <class A, class B>
double relative_distance(const A& got, const B& expected) {
  if (got.size() != expected.size()) return std::nan("");
  double squares = 0, of = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    squares += std::pow(static_cast<double>(got[i]) - static_cast<double>(expected[i]), 2);
    of += std::pow(static_cast<double>(expected[i]), 2);
  }
  return std::sqrt(squares / of);
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Runs a command line by the shell: exit status, and stdout and stderr together.
struct Ran {
  int status;
  std::string output;
};
Ran run_command(const std::string& command);

}  // namespace fr::test
