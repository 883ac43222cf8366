#include "support/support.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace fr::test {

namespace {

int skipped = 0;

std::filesystem::path find(const char* variable, const char* folder) {
  const char* given = std::getenv(variable);
  std::filesystem::path path = given != nullptr
                                   ? std::filesystem::path(given)
                                   : std::filesystem::path(FR_SOURCE_DIR).parent_path() / "shared" / folder;
  if (std::filesystem::is_directory(path)) return path;
  ++skipped;
  std::printf("SKIPPED: %s is absent (set %s)\n", path.c_str(), variable);
  return {};
}

}  // namespace

std::filesystem::path golden() { return find("FR_GOLDEN", "golden"); }
std::filesystem::path golden_eval() { return find("FR_GOLDEN_EVAL", "golden_eval"); }
std::filesystem::path shared_data() { return find("FR_SHARED_DATA", "data"); }
int skips() { return skipped; }

ScratchFolder::ScratchFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "fr-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no scratch folder");
  path_ = pattern;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Ran run_command(const std::string& command) {
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
  std::string output;
  std::array<char, 4096> buffer;
  size_t count;
  while ((count = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0) output.append(buffer.data(), count);
  const int status = ::pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), output};
}

}  // namespace fr::test
