#include "eval/pair_plan.h"

#include <unordered_map>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/verification_bin.h"

namespace fs = std::filesystem;

namespace fr {

namespace {

// Where the images are: folder / stem + extension. No folder: they were not found.
struct ImageRoot {
  fs::path folder;
  std::string extension;
  fs::path file(const std::string& name) const {
    fs::path path = folder / name;
    if (!extension.empty()) path.replace_extension(extension);
    return path;
  }
};

std::optional<ImageRoot> find_images(const fs::path& data, const ListedPairs& listed) {
  for (const std::string& folder : listed.folders) {
    for (const char* extension : {"", ".jpg", ".png"}) {
      const ImageRoot root{folder.empty() ? data : data / folder, extension};
      if (is_file(root.file(listed.pairs.at(0).a))) return root;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<fs::path> find_bin(const fs::path& data, const std::string& name) {
  FR_CHECK(fs::exists(data), "{}: no such file or folder", data.string());
  if (is_file(data)) return data;
  const fs::path bin = data / (name + ".bin");
  if (is_file(bin)) return bin;
  return std::nullopt;
}

Plan plan_of_bin(const std::string& protocol, const fs::path& bin, const ProtocolOptions& options) {
  const VerificationBin pack(bin);
  Plan plan;
  plan.protocol = protocol;
  plan.list = bin.filename().string();
  plan.content_hash = Hasher().add_file(bin).text();
  PairList list{.name = "1:1", .pairs = {}, .folds = options.folds};
  for (const uint8_t same : pack.same()) {
    const auto first = static_cast<int32_t>(plan.items.size());
    for (int32_t index : {first, first + 1}) {
      plan.items.push_back({.name = std::to_string(index), .file = bin.string(), .index_in_file = index});
    }
    list.pairs.push_back({first, first + 1, same != 0});
  }
  FR_CHECK(!list.pairs.empty(), "{}: holds no pairs", bin.string());
  plan.pair_lists.push_back(std::move(list));
  return plan;
}

std::string lfw_person(const std::string& image) {
  const std::string name = fs::path(image).filename().string();
  return name.substr(0, name.rfind('_'));
}

Plan plan_of_pairs(const std::string& protocol, const ListedPairs& listed, const ProtocolOptions& options) {
  FR_CHECK(!listed.pairs.empty(), "{}: lists no pairs", listed.list.string());
  Plan plan;
  plan.protocol = protocol;
  plan.list = listed.list.filename().string();
  plan.content_hash = listed.content_hash;
  const std::optional<ImageRoot> root = find_images(options.data, listed);
  FR_CHECK(root || !options.images, "{}: no image '{}' under {}", listed.pairs[0].where, listed.pairs[0].a,
           options.data);

  std::unordered_map<std::string, int32_t> items;
  std::unordered_map<std::string, int64_t> people;
  const auto item = [&](const std::string& name, const std::string& where) {
    const auto [at, added] = items.emplace(name, static_cast<int32_t>(plan.items.size()));
    if (added) {
      const std::string file = root ? root->file(name).string() : "";
      FR_CHECK(!options.images || is_file(file), "{}: no image {}", where, file);
      plan.items.push_back({.name = name, .file = file});
      if (listed.person)
        plan.subjects.push_back(people.emplace(listed.person(name), std::ssize(people)).first->second);
    }
    return at->second;
  };
  PairList list{.name = "1:1", .pairs = {}, .folds = options.folds};
  for (const ListedPair& pair : listed.pairs) {
    const int32_t a = item(pair.a, pair.where), b = item(pair.b, pair.where);
    list.pairs.push_back({a, b, pair.same});
  }
  plan.pair_lists.push_back(std::move(list));
  return plan;
}

void require_list(const fs::path& list, const fs::path& data, const std::string& name) {
  FR_CHECK(fs::exists(list), "{}: holds neither {}.bin nor {}", data.string(), name,
           list.lexically_relative(data).string());
}

void publish_pairs(Plan& plan, int64_t pairs, int64_t bin_images) {
  plan.published = {{"pairs", pairs}, {"genuine", pairs / 2}, {"impostor", pairs / 2}, {"folds", 10}};
  const bool packed = !plan.items.empty() && plan.items[0].index_in_file >= 0;
  if (packed) plan.published.emplace_back("items", bin_images);
}

}  // namespace fr
