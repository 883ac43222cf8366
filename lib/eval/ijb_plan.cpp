#include "eval/ijb_plan.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "core/parse_lines.h"
#include "eval/ijb_lists.h"

namespace fs = std::filesystem;

namespace fr {

namespace {

fs::path find_meta(const fs::path& data, const std::string& name) {
  FR_CHECK(fs::exists(data), "{}: no such file or folder", data.string());
  const std::string upper = name == "ijbb" ? "IJBB" : "IJBC";
  const std::string list = name + "_face_tid_mid.txt";
  for (const fs::path& folder : {data / "meta", data / upper / "meta", data}) {
    if (fs::exists(folder / list)) return folder;
  }
  fail("{}: no {} in meta/ or {}/meta/", data.string(), list, upper);
}

// One line of face_tid_mid: which template and medium item i belongs to.
struct Place {
  int64_t template_id = 0, medium_id = 0, item = 0;
  auto operator<=>(const Place&) const = default;
};

std::vector<Place> read_places(const MappedFile& file, const fs::path& path, Plan& plan) {
  struct Line {
    std::string_view image;
    Place place;
  };
  const std::vector<Line> lines =
      parse_lines<Line>(file.text(), path.string(), [](std::string_view text, Line& line) {
        FieldReader fields(text);
        FR_CHECK(fields.next(line.image) && fields.next(line.place.template_id) &&
                     fields.next(line.place.medium_id) && fields.at_end(),
                 "expected 'image template medium', found '{}'", text.substr(0, 80));
      });
  FR_CHECK(!lines.empty(), "{}: lists no images", path.string());
  std::vector<Place> places(lines.size());
  plan.items.resize(lines.size());
  parallel_for(std::ssize(lines), [&](int64_t i) {
    const Line& line = lines[static_cast<size_t>(i)];
    places[static_cast<size_t>(i)] = {line.place.template_id, line.place.medium_id, i};
    plan.items[static_cast<size_t>(i)].name = line.image;
  });
  return places;
}

// Landmarks and detector score of each item, in the same order.
void read_landmarks(const MappedFile& file, const fs::path& path, Plan& plan) {
  struct Line {
    std::string_view image;
    float values[11];
  };
  const std::vector<Line> lines =
      parse_lines<Line>(file.text(), path.string(), [](std::string_view text, Line& line) {
        FieldReader fields(text);
        bool good = fields.next(line.image);
        for (float& value : line.values) {
          double number = 0;
          good = good && fields.next(number);
          value = static_cast<float>(number);
          good = good && std::isfinite(value);
        }
        FR_CHECK(good && fields.at_end(), "expected an image, 10 coordinates and a score, found '{}'",
                 text.substr(0, 120));
      });
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto where = [&] { return fmt::format("{}:{}", path.string(), i + 1); };
    FR_CHECK(i < plan.items.size(), "{}: image '{}' has no line in the list of templates ({} images)",
             where(), lines[i].image, plan.items.size());
    Item& item = plan.items[i];
    FR_CHECK(lines[i].image == item.name, "{}: image '{}', but the list of templates has '{}' on this line",
             where(), lines[i].image, item.name);
    std::copy_n(lines[i].values, 10, item.landmarks.begin());
    item.detector_score = lines[i].values[10];
    item.has_landmarks = true;
  }
  FR_CHECK(lines.size() == plan.items.size(), "{}:{}: the list ends, but the list of templates has {} images",
           path.string(), lines.size() + 1, plan.items.size());
}

std::vector<Template> group(std::vector<Place> places) {
  std::sort(places.begin(), places.end());
  std::vector<Template> templates;
  for (const Place& place : places) {
    if (templates.empty() || templates.back().id != place.template_id) {
      templates.push_back({place.template_id, {}});
    }
    std::vector<Medium>& media = templates.back().media;
    if (media.empty() || media.back().id != place.medium_id) media.push_back({place.medium_id, {}});
    media.back().items.push_back(place.item);
  }
  return templates;
}

void find_images(const fs::path& meta, const fs::path& list, bool required, Plan& plan) {
  const fs::path folder = meta.parent_path() / "loose_crop";
  if (!required && !is_folder(folder)) return;
  for (size_t i = 0; i < plan.items.size(); ++i) {
    plan.items[i].file = (folder / plan.items[i].name).string();
    FR_CHECK(!required || is_file(plan.items[i].file), "{}:{}: no image {}", list.string(), i + 1,
             plan.items[i].file);
  }
}

}  // namespace

Plan ijb_plan(const std::string& name, const ProtocolOptions& options) {
  const fs::path meta = find_meta(options.data, name);
  const fs::path places_path = meta / (name + "_face_tid_mid.txt");
  const fs::path landmarks_path = meta / (name + "_name_5pts_score.txt");
  const fs::path pairs_path = meta / (name + "_template_pair_label.txt");
  const MappedFile places_file(places_path), landmarks_file(landmarks_path), pairs_file(pairs_path);

  Plan plan;
  plan.protocol = name;
  plan.list = pairs_path.filename().string();
  plan.pooling = Pooling::kMedia;
  Hasher hash;
  for (const MappedFile* file : {&places_file, &landmarks_file, &pairs_file}) hash.add(file->text());

  std::vector<Place> places = read_places(places_file, places_path, plan);
  read_landmarks(landmarks_file, landmarks_path, plan);
  find_images(meta, places_path, options.images, plan);
  plan.templates = group(std::move(places));

  std::vector<int64_t> ids;
  for (const Template& one : plan.templates) ids.push_back(one.id);
  const TemplateIndex templates(std::move(ids));
  plan.pair_lists.push_back({.name = "1:1",
                             .pairs = parse_template_pairs(pairs_file.text(), pairs_path.string(), templates),
                             .folds = 0,
                             .score = PairScore::kDot});
  read_searches(name, meta, templates, hash, plan);
  plan.content_hash = hash.text();
  return plan;
}

}  // namespace fr
