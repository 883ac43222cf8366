// What cfp_ff and cfp_fp share: the official lists of Celebrities in Frontal-Profile (spec 4.4).
#pragma once
#include <string>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "eval/pair_plan.h"
#include "eval/protocol.h"

namespace fr {

// Pair_list_X.txt: lines "index path". Element i-1 is image i's path below the data set's root.
inline std::vector<std::string> read_cfp_images(const std::filesystem::path& list, Hasher& hash) {
  const MappedFile file(list);
  hash.add(file.text());
  std::vector<std::string> images;
  for_each_line(file.text(), [&](std::string_view line, int64_t number) {
    const std::string where = fmt::format("{}:{}", list.string(), number);
    const std::vector<std::string_view> fields = split_blanks(line);
    if (fields.empty()) return;
    FR_CHECK(fields.size() == 2, "{}: expected 'index path', found '{}'", where, line);
    FR_CHECK(parse_int(fields[0], where) == std::ssize(images) + 1, "{}: index {} is not {}", where,
             fields[0], images.size() + 1);
    std::string_view path = fields[1];
    while (path.starts_with("../") || path.starts_with("./")) path.remove_prefix(path.find('/') + 1);
    images.emplace_back(path);
  });
  return images;
}

// One fold's same.txt or diff.txt: lines "i,j", the first in `first`, the second in `second`.
inline void read_cfp_pairs(const std::filesystem::path& list, bool same,
                           const std::vector<std::string>& first, const std::vector<std::string>& second,
                           Hasher& hash, ListedPairs& listed) {
  const MappedFile file(list);
  hash.add(file.text());
  for_each_line(file.text(), [&](std::string_view line, int64_t number) {
    const std::string where = fmt::format("{}:{}", list.string(), number);
    const std::vector<std::string_view> fields = split(line, ',');
    if (line.empty()) return;
    FR_CHECK(fields.size() == 2, "{}: expected 'i,j', found '{}'", where, line);
    const auto image = [&](std::string_view field, const std::vector<std::string>& images) {
      const int64_t index = parse_int(field, where);
      FR_CHECK(1 <= index && index <= std::ssize(images), "{}: image {} is not in 1 … {}", where, index,
               images.size());
      return images[static_cast<size_t>(index - 1)];
    };
    listed.pairs.push_back({image(fields[0], first), image(fields[1], second), same, where});
  });
}

// name: "cfp_fp" (frontal with profile) or "cfp_ff". Folds 01 … 10, of each its same and then its different
// pairs.
inline Plan cfp_plan(const std::string& name, const ProtocolOptions& options) {
  const std::filesystem::path data(options.data), protocol = data / "Protocol";
  Plan plan;
  if (const auto bin = find_bin(data, name)) {
    plan = plan_of_bin(name, *bin, options);
  } else {
    const bool profile = name == "cfp_fp";
    require_list(protocol / "Pair_list_F.txt", data, name);
    Hasher hash;
    const std::vector<std::string> frontal = read_cfp_images(protocol / "Pair_list_F.txt", hash);
    const std::vector<std::string> second =
        profile ? read_cfp_images(protocol / "Pair_list_P.txt", hash) : frontal;
    ListedPairs listed{protocol / "Split" / (profile ? "FP" : "FF"), {}, {"", "images", "crops_112"}, {}};
    listed.person = [](const std::string& image) {  // Data/Images/001/frontal/01.jpg
      return std::filesystem::path(image).parent_path().parent_path().string();
    };
    for (int fold = 1; fold <= 10; ++fold) {
      const std::filesystem::path folder = listed.list / fmt::format("{:02d}", fold);
      read_cfp_pairs(folder / "same.txt", true, frontal, second, hash, listed);
      read_cfp_pairs(folder / "diff.txt", false, frontal, second, hash, listed);
    }
    listed.content_hash = hash.text();
    plan = plan_of_pairs(name, listed, options);
  }
  publish_pairs(plan, 7000, 14000);
  return plan;
}

}  // namespace fr
