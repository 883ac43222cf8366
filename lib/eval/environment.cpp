// describe_environment(): the machine and the build a result comes from. The caller adds its backend.
#include "eval/result.h"

#include <fmt/core.h>
#include <sys/utsname.h>

#include <fstream>
#include <string>

#include "core/parallel.h"

namespace fr {

namespace {

// Highest first: the first one present names the machine's vector width.
std::string instruction_set() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  std::string text;
  const auto add = [&](bool present, const char* name) {
    if (present) text.append(text.empty() ? "" : " ").append(name);
  };
  add(__builtin_cpu_supports("avx512bf16"), "avx512bf16");
  add(__builtin_cpu_supports("avx512vnni"), "avx512vnni");
  add(__builtin_cpu_supports("avx512f"), "avx512f");
  add(__builtin_cpu_supports("avx2"), "avx2");
  add(__builtin_cpu_supports("fma"), "fma");
  return text.empty() ? "x86_64" : text;
#else
  return "generic";
#endif
}

// The text after `separator` on the first line of `path` that begins with `key`; "unknown" without one. A
// stream, because files of /proc cannot be mapped.
std::string field_of(const char* path, const std::string& key, char separator) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t at = line.find(separator);
    if (!line.starts_with(key) || at == std::string::npos) continue;
    const size_t begin = line.find_first_not_of(" \"", at + 1), end = line.find_last_not_of(" \"");
    if (begin != std::string::npos && end >= begin) return line.substr(begin, end - begin + 1);
  }
  return "unknown";
}

std::string kernel() {
  utsname name{};
  return uname(&name) == 0 ? fmt::format("{} {} {}", name.sysname, name.release, name.machine) : "unknown";
}

}  // namespace

std::map<std::string, std::string> describe_environment() {
  return {{"version", FR_VERSION},
          {"git_revision", FR_GIT_REVISION},
          {"compiler", FR_COMPILER},
          {"instruction_set", instruction_set()},
          {"threads", std::to_string(thread_count())},
          {"os", fmt::format("{} ({})", field_of("/etc/os-release", "PRETTY_NAME", '='), kernel())},
          {"cpu", field_of("/proc/cpuinfo", "model name", ':')}};
}

}  // namespace fr
