// MegaFace Challenge 1 (spec 4.5, 6.3): the devkit's JSON lists, or the plain lists of insightface's tool;
// with or without its noise lists.
#include <filesystem>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "eval/megaface_lists.h"
#include "eval/protocol.h"

namespace fs = std::filesystem;

namespace fr {

namespace {

constexpr const char* kProbes = "facescrub_features_list.json";
constexpr const char* kPlainProbes = "facescrub_lst";
constexpr const char* kDistractors = "megaface_features_list.json";
constexpr const char* kPlainDistractors = "megaface_lst";
constexpr const char* kNoiseProbes = "facescrub_noises.txt";
constexpr const char* kNoiseDistractors = "megaface_noises.txt";

std::optional<fs::path> find_list(const fs::path& data, const std::string& name) {
  FR_CHECK(is_folder(data), "{}: no such folder", data.string());
  for (const char* folder : {"", "templatelists", "devkit/templatelists", "devkit"}) {
    if (is_file(data / folder / name)) return data / folder / name;
  }
  return std::nullopt;
}

struct Listed {
  fs::path file;
  FeatureList list;
};

// `plain`: the list that would do as well where it `may`.
std::string lacks(const std::string& name, bool may, const char* plain) {
  return may ? fmt::format("holds neither {} nor {}", name, plain) : "holds no " + name;
}

Listed read_probes(const fs::path& data, const std::string& name) {
  Listed listed;
  if (const auto json = find_list(data, name)) {
    listed = {*json, read_json_list(*json)};
    FR_CHECK(!listed.list.people.empty(), "{}: 'id' is missing: whose images these are", json->string());
  } else {
    const auto plain = name == kProbes ? find_list(data, kPlainProbes) : std::nullopt;
    FR_CHECK(plain, "{}: {} (here, in templatelists/ or in devkit/templatelists/)", data.string(),
             lacks(name, name == kProbes, kPlainProbes));
    listed = {*plain, read_plain_list(*plain, 2)};
  }
  std::unordered_set<std::string_view> seen;
  for (const std::string& path : listed.list.paths) {
    FR_CHECK(seen.insert(path).second, "{}: '{}' is listed twice", listed.file.string(), path);
  }
  return listed;
}

// `size` of the plain list's lines; all of them where that is not `asked` for.
Listed read_distractors(const fs::path& data, int64_t size, int64_t set, bool asked) {
  const std::string name = fmt::format("{}_{}_{}", kDistractors, size, set);
  if (const auto json = find_list(data, name)) return {*json, read_json_list(*json)};
  const auto plain = set == 1 ? find_list(data, kPlainDistractors) : std::nullopt;  // it has one set
  FR_CHECK(plain, "{}: {} (choose a list by --size and --set)", data.string(),
           lacks(name, set == 1, kPlainDistractors));
  Listed listed{*plain, read_plain_list(*plain, 3)};
  FR_CHECK(!asked || std::ssize(listed.list.paths) >= size, "{}: lists {} images, fewer than --size {}",
           plain->string(), listed.list.paths.size(), size);
  if (std::ssize(listed.list.paths) > size) listed.list.paths.resize(static_cast<size_t>(size));
  return listed;
}

int64_t positive(const std::string& text, const std::string& option) {
  const int64_t value = parse_int(text, option);
  FR_CHECK(value > 0, "{}: {} is not positive", option, value);
  return value;
}

// Appends the items of a list; their images are in the first of `folders` below `data` that exists.
std::vector<int64_t> add_items(Listed& listed, const ProtocolOptions& options,
                               std::initializer_list<const char*> folders, Plan& plan) {
  fs::path images;
  for (const char* folder : folders) {
    if (images.empty() && is_folder(fs::path(options.data) / folder))
      images = fs::path(options.data) / folder;
  }
  FR_CHECK(!options.images || !images.empty(), "{}: no folder {} with the images of {}", options.data,
           *folders.begin(), listed.file.string());
  std::vector<int64_t> items(listed.list.paths.size());
  std::iota(items.begin(), items.end(), std::ssize(plan.items));
  for (size_t i = 0; i < items.size(); ++i) {
    Item item{.name = std::move(listed.list.paths[i]), .file = {}};
    if (options.images) {
      item.file = (images / item.name).string();
      FR_CHECK(is_file(item.file), "{}: path[{}]: no image {}", listed.file.string(), i, item.file);
    }
    plan.items.push_back(std::move(item));
  }
  return items;
}

struct NoiseLists {
  std::vector<uint8_t> marked;  // (items)
  int64_t probes = 0, distractors = 0;
};

NoiseLists mark_noise(const fs::path& probe_file, const fs::path& distractor_file, Plan& plan) {
  const NoiseList probe_noise = read_noise_list(probe_file, 1),
                  distractor_noise = read_noise_list(distractor_file, 3);
  NoiseLists noise{std::vector<uint8_t>(plan.items.size())};
  const auto mark = [&](const std::vector<int64_t>& items, const NoiseList& list, int components) {
    int64_t count = 0;
    for (const int64_t item : items) {
      const auto i = static_cast<size_t>(item);
      const auto name = std::string(last_components(plan.items[i].name, components));
      noise.marked[i] = list.names.contains(name);
      count += noise.marked[i];
    }
    return count;
  };
  noise.probes = mark(plan.distractor_search->probes, probe_noise, 1);
  noise.distractors = mark(plan.distractor_search->distractors, distractor_noise, 3);
  plan.counts = {{"noise_probes", noise.probes},
                 {"noise_distractors", noise.distractors},
                 {"noise_probe_lines", probe_noise.lines},
                 {"noise_distractor_lines", distractor_noise.lines},
                 {"noise_distractor_names", std::ssize(distractor_noise.names)}};
  return noise;
}

// Every person keeps a clean image to replace the others by.
void check_replaceable(const std::vector<std::string>& people, const NoiseLists& noise,
                       const fs::path& file) {
  std::unordered_map<std::string_view, int64_t> clean;
  for (size_t i = 0; i < people.size(); ++i) clean[people[i]] += noise.marked[i] == 0;
  for (const auto& [person, images] : clean) {
    FR_CHECK(images > 0, "{}: every probe of '{}' is noise, so nothing can replace them", file.string(),
             person);
  }
}

void apply_noise(const std::string& mode, uint64_t seed, const NoiseLists& noise, DistractorSearch& search) {
  if (mode == "keep") {
    search.variant["noise"] = "kept";
  } else if (mode == "drop") {
    const auto marked = [&](int64_t item) { return noise.marked[static_cast<size_t>(item)] != 0; };
    std::erase_if(search.probes, marked);
    std::erase_if(search.distractors, marked);
    search.variant["noise"] =
        fmt::format("{} probes and {} distractors dropped", noise.probes, noise.distractors);
    search.variant["refined"] = "R, noise dropped";
  } else {
    FR_CHECK(mode == "replace", "--noise {}: it is keep, drop or replace", mode);
    search.noise = noise.marked;
    search.noise_seed = seed;
    search.variant["noise"] =
        fmt::format("{} probes replaced by their person's clean centre (seed {}), {} distractors never match",
                    noise.probes, seed, noise.distractors);
    search.variant["refined"] = "R";
  }
}

class MegaFace final : public Protocol {
 public:
  std::string title() const override { return "MegaFace Challenge 1, FaceScrub probes among distractors"; }
  std::string needs() const override {
    return "facescrub_features_list.json and megaface_features_list.json_SIZE_SET (or facescrub_lst and "
           "megaface_lst), in --data or its templatelists/; facescrub_noises.txt and megaface_noises.txt for "
           "--noise";
  }
  std::string first_metric() const override { return "rank-1"; }
  std::vector<OwnOption> own_options() const override {
    return {{"--size", "1000000", "distractors: 10, 100, … 1000000"},
            {"--set", "1", "which of the distractor lists of that size"},
            {"--probes", kProbes, "the list of probes"},
            {"--noise",
             "keep",
             "probes and distractors of the noise lists: keep, drop, or replace as insightface does "
             "(R in the paper)",
             {"keep", "drop", "replace"}},
            {"--roc",
             "tail",
             "the ROC curve: tail = exact, up to FAR 1e-5; full = beyond it at steps of the score (slower)",
             {"tail", "full"}},
            {"--noise-seed", "0", "of the random vectors in --noise replace"},
            {"--algo", "",
             "with --embeddings FOLDER (facescrub/PERSON/IMAGE_ALGO.bin …): which ALGO, if there are more"},
            {"--devkit-out", "", "also write the devkit's cmc_….json and matches_….json into this folder"}};
  }
  Plan plan(const ProtocolOptions& options) const override {
    const fs::path data(options.data);
    const auto own = [&](const char* spelling) { return own_value(*this, options, spelling); };
    const int64_t size = positive(own("--size"), "--size"), set = positive(own("--set"), "--set");
    const int64_t seed = parse_int(own("--noise-seed"), "--noise-seed");
    const std::string mode = own("--noise");

    Listed probes = read_probes(data, own("--probes"));
    Listed distractors = read_distractors(data, size, set, options.own.contains("--size"));
    Plan plan;
    plan.protocol = "megaface";
    plan.list = probes.file.filename().string() + ", " + distractors.file.filename().string();
    Hasher hash;
    hash.add_file(probes.file).add_file(distractors.file);

    DistractorSearch& search = plan.distractor_search.emplace();
    plan.items.reserve(probes.list.paths.size() + distractors.list.paths.size());
    search.probes = add_items(probes, options, {"facescrub_images", "facescrub"}, plan);
    search.distractors = add_items(distractors, options, {"megaface_images", "megaface"}, plan);
    search.ranks = {1, 10, 100};
    search.far = {1e-6};
    search.cross_probes = true;
    std::unordered_map<std::string_view, int64_t> people;
    plan.subjects.assign(plan.items.size(), -1);
    for (size_t i = 0; i < probes.list.people.size(); ++i) {
      plan.subjects[i] = people.emplace(probes.list.people[i], std::ssize(people)).first->second;
    }

    const auto noise_probes = find_list(data, kNoiseProbes),
               noise_distractors = find_list(data, kNoiseDistractors);
    NoiseLists noise;
    if (noise_probes && noise_distractors) {
      noise = mark_noise(*noise_probes, *noise_distractors, plan);
    } else {
      FR_CHECK(mode == "keep", "{}: --noise {} needs {} and {}", options.data, mode, kNoiseProbes,
               kNoiseDistractors);
    }
    if (mode == "replace") check_replaceable(probes.list.people, noise, *noise_probes);
    if (mode != "keep") hash.add_file(*noise_probes).add_file(*noise_distractors);
    apply_noise(mode, static_cast<uint64_t>(seed), noise, search);
    plan.content_hash = hash.text();
    plan.published = {{"probes", 3530},
                      {"people", 80},
                      {"distractors", 1000000},
                      {"noise_probe_lines", 605},
                      {"noise_distractor_lines", 719},
                      {"noise_distractor_names", 707}};
    return plan;
  }
};

const Protocol& megaface() {
  static const MegaFace protocol;
  return protocol;
}

const Registration<ProtocolKind> registration("megaface", megaface);

}  // namespace

}  // namespace fr
