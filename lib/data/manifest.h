// Manifests (datasets/NAME.json): what a data set of the paper should hold, and how a folder compares.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace fr {

struct ManifestFile {
  std::string path{};      // below the data set's folder: a file, "folder/", or a pattern with * ? [ ]
  std::string what{};      // what it holds
  std::string form{};      // files of one form belong together, and one form suffices; empty: always needed
  std::string only_for{};  // "R": needed for that variant alone
  std::string hash{};      // of Hasher, where the contents are known
  int64_t count = 0;       // files that a pattern must find; 0: at least one
  bool images = false;     // the images that the official lists name, wherever they lie
};

struct Manifest {
  std::string name, title, ask;
  std::string kind;      // "train" or "test"
  std::string protocol;  // of a test set; may be empty
  std::map<std::string, int64_t> counts;
  std::vector<ManifestFile> files;
};

// Throws fr::Error "PATH: …" for anything that is not such a manifest.
Manifest read_manifest(const std::filesystem::path& path);

// `state` is for a reader: "117 kB", "missing", "8 of 10 files".
struct FileState {
  bool good = false;
  std::string state;
};

// How `file` stands in `folder`. Not for images: only a protocol can say which they are.
FileState check_file(const ManifestFile& file, const std::filesystem::path& folder);

// Whether everything that must be there is: files without form, and all files of at least one form. good[i]
// is for files[i]; files of a variant do not count.
bool is_complete(const Manifest& manifest, const std::vector<bool>& good);

}  // namespace fr
