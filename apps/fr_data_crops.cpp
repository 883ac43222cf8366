// fr-data crops: an image folder as packed crops, decoded once for all later runs; LFW's sets of people can
// be left out.
#include <fmt/core.h>

#include <map>
#include <set>

#include "core/error.h"
#include "core/progress.h"
#include "data/packed.h"
#include "fr_data.h"
#include "image/image.h"
#include "readers/lfw_people.h"
#include "readers/readers.h"

namespace fr {

namespace {

struct CropsCommand {
  std::string images, out, people;
  int64_t min_images = 1, without_set = 0;
};

// The people --people names, but those of --without-set; empty: everybody.
std::set<std::string> chosen_people(const CropsCommand& c) {
  if (c.people.empty()) return {};
  const auto sets = read_lfw_people(c.people);
  const auto count = static_cast<int64_t>(sets.size());
  if (c.without_set < 0 || c.without_set > count)
    throw UsageError(fmt::format("--without-set {}: {} has sets 1 to {}", c.without_set, c.people, count));
  std::set<std::string> people;
  for (int64_t k = 0; k < count; ++k)
    if (k + 1 != c.without_set)
      people.insert(sets[static_cast<size_t>(k)].begin(), sets[static_cast<size_t>(k)].end());
  return people;
}

int run_crops(const CropsCommand& c) {
  if (c.without_set != 0 && c.people.empty()) throw UsageError("--without-set needs --people");
  const std::set<std::string> people = chosen_people(c);
  std::map<std::string, std::vector<std::string>> identities;
  int64_t total = 0;
  for (const std::string& path : list_images(c.images)) {
    const std::string identity = path.substr(0, path.find('/'));
    if (people.empty() || people.contains(identity)) identities[identity].push_back(path);
  }
  std::erase_if(identities,
                [&](const auto& i) { return static_cast<int64_t>(i.second.size()) < c.min_images; });
  for (const auto& [identity, paths] : identities) total += static_cast<int64_t>(paths.size());
  FR_CHECK(total > 0, "{}: no identity with at least {} images", c.images, c.min_images);

  PackedWriter writer(c.out, total);
  Progress progress("crops", total, "images");
  std::vector<uint8_t> rgb(kCropBytes);
  int32_t label = 0;
  int64_t done = 0;
  for (const auto& [identity, paths] : identities) {
    for (const std::string& path : paths) {
      fit_crop(read_image((std::filesystem::path(c.images) / path).string()), rgb);
      writer.add(rgb, label);
      progress.update(++done);
    }
    ++label;
  }
  writer.finish();
  progress.finish();
  fmt::print("{}: {} identities, {} images\nnext: fr-train --data {}\n", c.out, label, total, c.out);
  return 0;
}

}  // namespace

void add_crops(Options& options) {
  static CropsCommand c;
  options
      .subcommand("crops", "Pack a folder of images, one folder per identity, as crops for fast training",
                  "fr-data crops --images lfw/crops_112 --people lfw/people.txt --without-set 10 "
                  "--min-images 2 --out lfw9",
                  [] { return run_crops(c); })
      .add("--images", c.images, "folder with one folder of images per identity")
      .required()
      .add("--out", c.out, "folder for images.npy and labels.npy")
      .required()
      .add("--min-images", c.min_images, "leave out identities with fewer images")
      .add("--people", c.people, "LFW's people.txt: only the people it names")
      .add("--without-set", c.without_set, "leave out the people of this set of --people (0: none)");
}

}  // namespace fr
