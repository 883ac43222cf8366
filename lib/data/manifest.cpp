#include "data/manifest.h"

#include <glob.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json.h"

namespace fr {

namespace {

namespace fs = std::filesystem;

int64_t count_matches(const fs::path& folder, const std::string& pattern) {
  std::string all;
  for (const char c : folder.string())
    all += std::string(std::string_view("*?[\\").find(c) == std::string::npos ? "" : "\\") + c;
  glob_t found{};
  const int status = ::glob((all + "/" + pattern).c_str(), GLOB_NOSORT, nullptr, &found);
  const auto count = status == 0 ? static_cast<int64_t>(found.gl_pathc) : 0;
  ::globfree(&found);
  return count;
}

std::string size_text(uintmax_t bytes) {
  const char* const units[] = {"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1000 && unit < 4; ++unit) value /= 1000;
  return fmt::format("{:.{}f} {}", value, unit == 0 || value >= 100 ? 0 : 1, units[unit]);
}

ManifestFile file_from(const Json& json) {
  return {.path = json.at("path"),
          .what = json.at("what"),
          .form = json.value("form", ""),
          .only_for = json.value("for", ""),
          .hash = json.value("hash", ""),
          .count = json.value("count", int64_t{0}),
          .images = json.value("images", false)};
}

}  // namespace

Manifest read_manifest(const fs::path& path) {
  const Json json = read_json(path);
  try {
    FR_CHECK(json.at("schema") == 1, "{}: unknown schema of a manifest", path.string());
    Manifest manifest{.name = json.at("name"),
                      .title = json.at("title"),
                      .ask = json.at("ask"),
                      .kind = json.at("kind"),
                      .protocol = json.value("protocol", ""),
                      .counts = json.value("counts", std::map<std::string, int64_t>{}),
                      .files = {}};
    for (const Json& file : json.at("files")) manifest.files.push_back(file_from(file));
    return manifest;
  } catch (const Json::exception& error) {
    fail("{}: not a manifest: {}", path.string(), error.what());
  }
}

FileState check_file(const ManifestFile& file, const fs::path& folder) {
  const fs::path path = folder / file.path;
  std::error_code ignored;
  if (file.path.find_first_of("*?[") != std::string::npos) {
    const int64_t found = count_matches(folder, file.path);
    if (file.count == 0) return {found > 0, found > 0 ? fmt::format("{} files", found) : "missing"};
    return {found == file.count, found == file.count ? fmt::format("{} files", found)
                                                     : fmt::format("{} of {} files", found, file.count)};
  }
  if (file.path.ends_with('/')) {
    if (!is_folder(path)) return {false, "missing"};
    const bool empty = fs::is_empty(path, ignored);
    return {!empty, empty ? "an empty folder" : "a folder"};
  }
  if (!is_file(path)) return {false, "missing"};
  if (!file.hash.empty() && Hasher().add_file(path).text() != file.hash)
    return {false, "not the official contents"};
  const uintmax_t size = fs::file_size(path);
  return {size > 0, size > 0 ? size_text(size) : "empty"};
}

bool is_complete(const Manifest& manifest, const std::vector<bool>& good) {
  std::map<std::string, bool> forms;
  for (size_t i = 0; i < manifest.files.size(); ++i) {
    const ManifestFile& file = manifest.files[i];
    if (!file.only_for.empty()) continue;
    bool& form = forms.try_emplace(file.form, true).first->second;
    form = form && good[i];
  }
  const auto needed = forms.find("");
  if (needed != forms.end() && !needed->second) return false;
  forms.erase("");
  return forms.empty() || std::ranges::any_of(forms, [](const auto& form) { return form.second; });
}

}  // namespace fr
