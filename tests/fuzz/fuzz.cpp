// libFuzzer's entry points around a target, which must end every input with a result or an fr::Error of one
// line.
#include "fuzz.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "core/error.h"
#include "eval/protocol.h"

namespace fr::fuzz {

namespace {

namespace fs = std::filesystem;

// In memory where that exists; removed at the end of the process.
class Scratch {
 public:
  Scratch() {
    const fs::path memory = "/dev/shm";
    std::string name =
        ((fs::is_directory(memory) ? memory : fs::temp_directory_path()) / "fr-fuzz-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~Scratch() { fs::remove_all(path_); }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

const fs::path& scratch() {
  static const Scratch folder;
  return folder.path();
}

}  // namespace

fs::path file(const std::string& name, std::string_view contents) {
  const fs::path path = scratch() / name;
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary).write(contents.data(), static_cast<std::streamsize>(contents.size()));
  return path;
}

std::vector<std::string_view> cut(std::string_view input, size_t count) {
  std::vector<std::string_view> pieces;
  while (pieces.size() + 1 < count) {
    const size_t end = std::min(input.find(kCut), input.size());
    pieces.push_back(input.substr(0, end));
    input.remove_prefix(std::min(end + 1, input.size()));
  }
  pieces.push_back(input);
  return pieces;
}

std::string joined(const std::vector<std::string>& contents) {
  std::string all;
  for (size_t i = 0; i < contents.size(); ++i) all += (i > 0 ? std::string(1, kCut) : "") + contents[i];
  return all;
}

void plan(const std::string& protocol, const std::vector<std::string>& files, std::string_view input,
          const std::map<std::string, std::string>& own) {
  const std::vector<std::string_view> pieces = cut(input, files.size());
  for (size_t i = 0; i < files.size(); ++i) file("data/" + files[i], pieces[i]);
  Registry<ProtocolKind>::instance().find(protocol)().plan(
      {.data = (scratch() / "data").string(), .own = own});
}

}  // namespace fr::fuzz

// Seeds go to the corpus, the first argument that is no option.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  for (int i = 1; i < *argc; ++i) {
    const char* argument = (*argv)[i];
    if (argument[0] == '-' || std::filesystem::is_regular_file(argument)) continue;
    std::filesystem::create_directories(argument);
    int number = 0;
    for (const std::string& seed : fr::fuzz::seeds())
      std::ofstream(std::filesystem::path(argument) / ("seed_" + std::to_string(number++)), std::ios::binary)
          << seed;
    break;
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    fr::fuzz::run({reinterpret_cast<const char*>(data), size});
  } catch (const fr::Error& error) {
    if (std::strchr(error.what(), '\n') != nullptr) {
      std::fprintf(stderr, "an error of more than one line: %s\n", error.what());
      std::abort();
    }
  }
  return 0;
}
