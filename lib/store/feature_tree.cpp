#include "store/feature_tree.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <limits>
#include <mutex>
#include <set>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "core/parallel.h"
#include "store/matrix.h"

namespace fs = std::filesystem;

namespace fr {

namespace {

constexpr std::array<const char*, 3> kFolders = {"/facescrub/", "/megaface/", "/"};
constexpr int64_t kLookedAt = 1000;  // images, for the algorithm's name

// What stands between "IMAGE_" and ".bin" in the files beside this image.
void add_algorithms(const std::string& root, const std::string& name, std::set<std::string>& found) {
  for (const char* folder : kFolders) {
    const fs::path image = fs::path(root + folder) / name;
    if (!is_folder(image.parent_path())) continue;
    const std::string start = image.filename().string() + "_";
    for (const auto& entry : fs::directory_iterator(image.parent_path())) {
      const std::string file = entry.path().filename().string();
      if (!file.starts_with(start) || !file.ends_with(".bin")) continue;
      found.insert(file.substr(start.size(), file.size() - start.size() - 4));
    }
  }
}

std::string only_algorithm(const std::string& root, int64_t count,
                           const std::function<const std::string&(int64_t)>& name) {
  std::set<std::string> found;
  for (int64_t i = 0; i < std::min(count, kLookedAt) && found.empty(); ++i)
    add_algorithms(root, name(i), found);
  FR_CHECK(!found.empty(), "{}: no feature file of '{}' (facescrub/PERSON/IMAGE_ALGO.bin, …)", root, name(0));
  std::string list;
  for (const std::string& algorithm : found) list += (list.empty() ? "" : ", ") + algorithm;
  FR_CHECK(found.size() == 1, "{}: there are features of several algorithms, choose one: {}", root, list);
  return *found.begin();
}

// Finds an image's file, where the last one was first.
class Finder {
 public:
  Finder(std::string root, const std::string& algorithm)
      : root_(std::move(root)), ending_("_" + algorithm + ".bin") {}
  bool read(const std::string& name, std::vector<float>& row) {
    for (size_t i = 0; i < kFolders.size(); ++i) {
      const size_t folder = (last_ + i) % kFolders.size();
      path_.assign(root_).append(kFolders[folder]).append(name).append(ending_);
      if (!read_vector(path_, row)) continue;
      last_ = folder;
      return true;
    }
    return false;
  }
  const std::string& path() const { return path_; }  // of the file read last

 private:
  std::string root_, ending_, path_;
  size_t last_ = 0;
};

}  // namespace

Embeddings read_feature_tree(const std::string& root, const std::string& algorithm, int64_t count,
                             const std::function<const std::string&(int64_t)>& name) {
  FR_CHECK(is_folder(root), "{}: no such folder", root);
  FR_CHECK(count > 0, "{}: no features are asked for", root);
  const std::string chosen = algorithm.empty() ? only_algorithm(root, count, name) : algorithm;
  std::vector<float> first;
  Finder finder(root, chosen);
  int64_t at = 0;
  while (at < count && !finder.read(name(at), first)) ++at;
  FR_CHECK(at < count, "{}: no image of the list has a feature file …_{}.bin", root, chosen);

  Embeddings result = Embeddings::make(count, std::ssize(first));
  result.source = root;
  std::mutex mutex;
  std::string fault;  // of the earliest image that has one
  int64_t fault_at = count;
  parallel_ranges(count, 64, [&](int64_t begin, int64_t end) {
    Finder mine(root, chosen);
    std::vector<float> row;
    for (int64_t i = begin; i < end; ++i) {
      float* values = result.owned.f32() + i * result.dim;
      try {
        if (!mine.read(name(i), row)) {
          std::fill_n(values, result.dim, std::numeric_limits<float>::quiet_NaN());
          continue;
        }
        FR_CHECK(std::ssize(row) == result.dim, "{}: {} values, but others have {}", mine.path(), row.size(),
                 result.dim);
        std::copy(row.begin(), row.end(), values);
      } catch (const Error& error) {
        const std::lock_guard lock(mutex);
        if (i < fault_at) fault = error.what();
        fault_at = std::min(fault_at, i);
        break;
      }
    }
  });
  FR_CHECK(fault.empty(), "{}", fault);
  return result;
}

}  // namespace fr
