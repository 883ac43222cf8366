// Folders include only downwards: each #include "FOLDER/…" under lib/ and protocols/ against layers.txt,
// which CMake writes from the fr_folder lines. Third-party headers stay in the folder that owns them.
#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>

#include "core/files.h"
#include "support/support.h"

using namespace fr;
namespace fs = std::filesystem;

namespace {

const fs::path kSource = FR_SOURCE_DIR;

// folder -> folders it may include, itself among them; order gives the rank.
std::map<std::string, std::set<std::string>> read_layers(std::vector<std::string>& order) {
  std::map<std::string, std::set<std::string>> layers;
  for_each_line(read_text(fs::path(FR_BINARY_DIR) / "layers.txt"), [&](std::string_view line, int64_t) {
    const size_t colon = line.find(':');
    const std::string folder(line.substr(0, colon));
    order.push_back(folder);
    layers[folder].insert(folder);
    for (std::string_view use : split_blanks(line.substr(colon + 1))) layers[folder].emplace(use);
  });
  return layers;
}

void for_each_include(const fs::path& root,
                      const std::function<void(const fs::path&, const std::string&)>& found) {
  static const std::regex pattern(R"re(^\s*#\s*include\s*[<"]([^>"]+)[>"])re");
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".h" && extension != ".cpp" && extension != ".cu" && extension != ".cuh") continue;
    for_each_line(read_text(entry.path()), [&](std::string_view line, int64_t) {
      std::smatch match;
      const std::string text(line);
      if (std::regex_search(text, match, pattern)) found(entry.path(), match[1]);
    });
  }
}

}  // namespace

TEST_CASE("folders use only lower folders") {
  std::vector<std::string> order;
  const auto layers = read_layers(order);
  REQUIRE(order.size() >= 8);
  CHECK(order.front() == "core");
  std::set<std::string> lower;
  for (const std::string& folder : order) {
    for (const std::string& use : layers.at(folder)) {
      INFO(folder, " uses ", use);
      CHECK((use == folder || lower.contains(use)));
    }
    lower.insert(folder);
  }
}

TEST_CASE("every include obeys the order") {
  std::vector<std::string> order;
  const auto layers = read_layers(order);
  int checked = 0;
  for (const std::string& folder : order) {
    const fs::path root = folder == "protocols" ? kSource / folder : kSource / "lib" / folder;
    if (!fs::is_directory(root)) continue;
    for_each_include(root, [&](const fs::path& file, const std::string& include) {
      const std::string top = include.substr(0, include.find('/'));
      if (!fs::is_directory(kSource / "lib" / top)) return;
      ++checked;
      INFO(file.string(), " includes ", include);
      CHECK((layers.at(folder).contains(top) || file.filename().string().starts_with("protocol_main")));
    });
  }
  CHECK(checked > 20);
}

TEST_CASE("each library stays in its folder") {
  const std::map<std::string, std::string> owners = {
      {"opencv2", "image"}, {"hdf5.h", "store"}, {"H5", "store"},           {"oneapi", "backend/onednn"},
      {"zlib.h", "store"},  {"CLI", "none"},     {"cudnn", "backend/cuda"}, {"cublas", "backend/cuda"},
      {"jpeglib", "image"}, {"nvjpeg", "image"}};
  for_each_include(kSource / "lib", [&](const fs::path& file, const std::string& include) {
    for (const auto& [prefix, owner] : owners) {
      if (!include.starts_with(prefix)) continue;
      INFO(file.string(), " includes ", include);
      CHECK(fs::relative(file, kSource / "lib").string().starts_with(owner));
    }
  });
}

TEST_CASE("every header compiles alone") {
  const auto ran = test::run_command(std::string("cmake --build ") + FR_BINARY_DIR + " --target fr_headers");
  INFO(ran.output);
  CHECK(ran.status == 0);
}

TEST_CASE("no two headers define a type of the same name") {
  // Implicit members of both would be one symbol, and the linker would keep either.
  static const std::regex scope(R"(^namespace ([A-Za-z0-9_:]+) \{)");
  static const std::regex type(R"(^(?:struct|class) ([A-Za-z0-9_]+)(?: final)?(?: : [^;]*)? \{)");
  std::map<std::string, std::string> places;
  for (const char* const root : {"lib", "protocols", "apps", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator(kSource / root)) {
      const fs::path& file = entry.path();
      const bool header = file.extension() == ".h" || file.extension() == ".cuh";
      if (!header || file.stem().string().ends_with("_absent")) continue;  // those stand in for others
      std::string within;
      for_each_line(read_text(file), [&](std::string_view line, int64_t) {
        std::smatch match;
        const std::string text(line);
        if (std::regex_search(text, match, scope)) within = match[1];
        if (!std::regex_search(text, match, type)) return;
        const auto added = places.emplace(within + "::" + match[1].str(), file.string());
        INFO(added.first->first, ": ", added.first->second, " and ", file.string());
        CHECK(added.second);
      });
    }
  }
  CHECK(places.size() > 200);
}

TEST_CASE("one place asks for __CUDACC__") {
  std::vector<std::string> places;
  for (const auto& entry : fs::recursive_directory_iterator(kSource / "lib"))
    if (entry.is_regular_file() && read_text(entry.path()).find("def __CUDACC__") != std::string::npos)
      places.push_back(entry.path().filename().string());
  CHECK(places == std::vector<std::string>{"device.h"});
}
