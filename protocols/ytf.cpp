// YouTube Faces (spec 4.4, 6.2): pairs of videos. Items are their frames, found in the folders of the data
// set or among the row names of an embedding file.
#include <algorithm>
#include <unordered_map>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "eval/protocol.h"

namespace fs = std::filesystem;

namespace fr {

namespace {

// "Name/7" of a field "Name/07 "; `where` is its line.
std::string video_name(std::string_view field, const std::string& where) {
  const size_t slash = field.rfind('/');
  FR_CHECK(slash != std::string_view::npos && slash > 0, "{}: '{}' is not a video 'name/number'", where,
           field);
  return fmt::format("{}/{}", field.substr(0, slash), parse_int(field.substr(slash + 1), where));
}

// The list as a plan whose templates, in order of first use, have no frames yet.
struct VideoPlan {
  Plan plan;
  std::vector<std::string> videos;                 // (templates): "Name/7"
  std::unordered_map<std::string, int32_t> index;  // of each video
  std::vector<int64_t> lines;                      // (pairs): where each is listed

  int32_t add(const std::string& video, std::unordered_map<std::string, int64_t>& people) {
    const auto [at, added] = index.emplace(video, static_cast<int32_t>(videos.size()));
    if (!added) return at->second;
    videos.push_back(video);
    const auto person = people.emplace(video.substr(0, video.rfind('/')), std::ssize(people)).first;
    plan.templates.push_back({.id = at->second, .media = {}});
    plan.subjects.push_back(person->second);
    return at->second;
  }
  void add_frame(int32_t of, const std::string& name, const std::string& file) {
    std::vector<Medium>& media = plan.templates[static_cast<size_t>(of)].media;
    if (media.empty()) media.push_back({});
    media[0].items.push_back(std::ssize(plan.items));
    plan.items.push_back({.name = name, .file = file});
  }
};

VideoPlan read_list(const fs::path& list, int64_t folds) {
  const MappedFile file(list);
  VideoPlan result;
  result.plan.protocol = "ytf";
  result.plan.list = list.filename().string();
  result.plan.content_hash = Hasher().add(file.text()).text();
  result.plan.pooling = Pooling::kUnitMean;
  PairList pairs{.name = "1:1", .pairs = {}, .folds = folds};
  std::unordered_map<std::string, int64_t> people;
  int64_t last_split = 0;
  for_each_line(file.text(), [&](std::string_view line, int64_t number) {
    if ((number == 1 && line.starts_with("split")) || split_blanks(line).empty()) return;
    const std::string where = fmt::format("{}:{}", list.string(), number);
    const std::vector<std::string_view> fields = split(line, ',');
    FR_CHECK(fields.size() >= 5, "{}: expected 'split, pair, name/video, name/video, is_same', found '{}'",
             where, line.substr(0, 80));
    const int64_t split_number = parse_int(fields[0], where);
    FR_CHECK(split_number >= last_split, "{}: split {} after split {}: folds are taken in list order", where,
             split_number, last_split);
    last_split = split_number;
    FR_CHECK(fields.back() == "0" || fields.back() == "1", "{}: is_same is '{}', neither 0 nor 1", where,
             fields.back());
    const int32_t a = result.add(video_name(fields[2], where), people);
    const int32_t b = result.add(video_name(fields[3], where), people);
    pairs.pairs.push_back({a, b, fields.back() == "1"});
    result.lines.push_back(number);
  });
  FR_CHECK(!pairs.pairs.empty(), "{}: lists no pairs", list.string());
  result.plan.pair_lists.push_back(std::move(pairs));
  return result;
}

// The folder that holds the folder of any listed video; empty without one.
fs::path find_frames(const fs::path& data, const std::vector<std::string>& videos) {
  for (const fs::path& root : {data / "aligned_images_DB", data / "frame_images_DB", data}) {
    if (std::ranges::any_of(videos, [&](const std::string& v) { return is_folder(root / v); })) return root;
  }
  return {};
}

void add_files(const fs::path& root, VideoPlan& to) {
  for (size_t v = 0; v < to.videos.size(); ++v) {
    if (!is_folder(root / to.videos[v])) continue;
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(root / to.videos[v])) {
      const std::string ending = entry.path().extension().string();
      if (ending == ".jpg" || ending == ".png") names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      const std::string frame = to.videos[v] + "/" + name;
      to.add_frame(static_cast<int32_t>(v), frame, (root / frame).string());
    }
  }
}

// Rows "Name/7/…"; those of other videos are left to be counted as extra.
void add_rows(const std::vector<std::string>& rows, VideoPlan& to) {
  for (const std::string& row : rows) {
    const size_t slash = row.find('/', row.find('/') + 1);
    const auto found = to.index.find(row.substr(0, slash));
    if (found != to.index.end()) to.add_frame(found->second, row, "");
  }
}

void require_videos(const VideoPlan& listed, const std::string& list) {
  const std::vector<Pair>& pairs = listed.plan.pair_lists[0].pairs;
  for (size_t i = 0; i < pairs.size(); ++i) {
    for (const int32_t side : {pairs[i].a, pairs[i].b}) {
      FR_CHECK(!listed.plan.templates[static_cast<size_t>(side)].media.empty(),
               "{}:{}: no frame of video '{}' (--allow-missing counts its pairs as failed)", list,
               listed.lines[i], listed.videos[static_cast<size_t>(side)]);
    }
  }
}

ItemPairs item_pairs(const std::string& mode) {
  if (mode == "min") return ItemPairs::kMinimum;
  if (mode == "mean") return ItemPairs::kMean;
  if (mode == "max") return ItemPairs::kMaximum;
  FR_CHECK(mode == "centre", "mode '{}' is none of centre, min, mean, max", mode);
  return ItemPairs::kNone;
}

fs::path find_list(const fs::path& data) {
  FR_CHECK(fs::exists(data), "{}: no such file or folder", data.string());
  if (is_file(data)) return data;
  for (const char* name : {"splits.txt", "splits_corrected.txt"}) {
    if (is_file(data / name)) return data / name;
  }
  fail("{}: holds neither splits.txt nor splits_corrected.txt", data.string());
}

class Ytf final : public Protocol {
 public:
  std::string title() const override { return "YouTube Faces, pairs of videos"; }
  std::string needs() const override {
    return "splits.txt or splits_corrected.txt (or the list itself), and beside it aligned_images_DB/ or "
           "frame_images_DB/, unless the rows of --embeddings are named NAME/VIDEO/…";
  }
  bool flip() const override { return false; }
  std::vector<OwnOption> own_options() const override {
    return {{"--mode",
             "centre",
             "compare the videos' unit means, or all pairs of their frames: least, mean, largest distance",
             {"centre", "min", "mean", "max"}},
            {.spelling = "--allow-missing",
             .value = "",
             .help = "count pairs of videos without frames as failed, instead of refusing them",
             .is_switch = true}};
  }
  Plan plan(const ProtocolOptions& options) const override {
    const fs::path list = find_list(options.data);
    VideoPlan listed = read_list(list, options.folds);
    Plan& plan = listed.plan;
    plan.pair_lists[0].items = item_pairs(own_value(*this, options, "--mode"));
    if (options.rows != nullptr) add_rows(*options.rows, listed);
    if (plan.items.empty()) {
      const fs::path root = find_frames(list.parent_path(), listed.videos);
      FR_CHECK(!root.empty() || options.rows == nullptr || !options.rows->empty(),
               "{}: no frames beside the list, and the rows of the embedding file have no names NAME/VIDEO/…",
               list.string());
      if (!root.empty()) add_files(root, listed);
    }
    const bool needed = options.images || options.embeddings || options.rows != nullptr;
    if (needed && own_value(*this, options, "--allow-missing").empty()) require_videos(listed, list.string());
    FR_CHECK(!needed || !plan.items.empty(), "{}: no frame of any listed video", list.string());
    plan.published = {{"pairs", 5000}, {"genuine", 2500}, {"impostor", 2500}, {"folds", 10}};
    return std::move(listed.plan);
  }
};

const Protocol& ytf() {
  static const Ytf protocol;
  return protocol;
}

const Registration<ProtocolKind> registration("ytf", ytf);

}  // namespace

}  // namespace fr
