// fr-data crops: training data as packed crops, decoded once for all later runs; LFW's sets of people can be
// left out.
#include <fmt/core.h>

#include <map>
#include <set>

#include "core/error.h"
#include "core/progress.h"
#include "data/packed.h"
#include "fr_data.h"
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

// The images to pack, by identity.
std::vector<int64_t> choose(const Dataset& data, const CropsCommand& c, const std::set<std::string>& people) {
  std::vector<std::vector<int64_t>> identities(static_cast<size_t>(data.classes()));
  for (int64_t i = 0; i < data.size(); ++i) {
    if (!people.empty()) {
      const auto inside = std::filesystem::path(data.item_name(i)).lexically_relative(c.images);
      if (!people.contains(inside.begin()->string())) continue;
    }
    identities[static_cast<size_t>(data.label(i))].push_back(i);
  }
  std::vector<int64_t> chosen;
  for (const std::vector<int64_t>& images : identities)
    if (std::ssize(images) >= c.min_images) chosen.insert(chosen.end(), images.begin(), images.end());
  return chosen;
}

int run_crops(const CropsCommand& c) {
  if (c.without_set != 0 && c.people.empty()) throw UsageError("--without-set needs --people");
  const std::set<std::string> people = chosen_people(c);
  const std::unique_ptr<Dataset> data = open_dataset(c.images);
  const std::vector<int64_t> chosen = choose(*data, c, people);
  const auto total = std::ssize(chosen);
  FR_CHECK(total > 0, "{}: no identity with at least {} images", c.images, c.min_images);

  PackedWriter writer(c.out, total);
  Progress progress("crops", total, "images");
  std::vector<uint8_t> rgb(kCropBytes);
  std::map<int32_t, int32_t> labels;  // of the data set -> of the crops, in order of first use
  for (int64_t done = 0; done < total; progress.update(++done)) {
    const int64_t index = chosen[static_cast<size_t>(done)];
    const auto next = static_cast<int32_t>(labels.size());
    data->image(index, rgb);
    writer.add(rgb, labels.emplace(data->label(index), next).first->second);
  }
  writer.finish();
  progress.finish();
  fmt::print("{}: {} identities, {} images\nnext: fr-train --data {}\n", c.out, labels.size(), total, c.out);
  return 0;
}

}  // namespace

void add_crops(Options& options) {
  static CropsCommand c;
  options
      .subcommand("crops", "Pack images, in one folder per identity or a .rec, as crops for fast training",
                  "fr-data crops --images lfw/crops_112 --people lfw/people.txt --without-set 10 "
                  "--min-images 2 --out lfw9",
                  [] { return run_crops(c); })
      .add("--images", c.images, "folder with one folder of images per identity, or a .rec or its folder")
      .required()
      .add("--out", c.out, "folder for images.npy and labels.npy")
      .required()
      .add("--min-images", c.min_images, "leave out identities with fewer images")
      .add("--people", c.people, "LFW's people.txt: only the folders it names")
      .add("--without-set", c.without_set, "leave out the people of this set of --people (0: none)");
}

}  // namespace fr
