// Synthetic IJB-B and IJB-C (spec 4.6): templates of stills and video frames, 1:1 as probes against both
// galleries, 1:N with a subject in one gallery. The full sizes have the real numbers of everything counted.
#include <algorithm>
#include <array>
#include <numeric>

#include "synth/protocols/photographs.h"
#include "synth/protocols/writers.h"

namespace fr::synth {

namespace {

constexpr int64_t kRelatives = 3;  // consecutive subjects are one family
constexpr float kShared = 0.7f;    // of the noise of two frames of a video
constexpr Spread kSpread = {0.34f, 0.88f, 2};

struct Scale {
  std::array<int64_t, 2> gallery;  // subjects, one template each
  int64_t probes, items, genuine, impostor;
};

struct Style {
  const char* name;
  std::array<const char*, 2> galleries;
  Scale full, small;
  const Scale& scale(Size size) const { return size == Size::kFull ? full : small; }
};
constexpr std::array<Style, 2> kStyles = {{
    {"ijbb",
     {"S1", "S2"},
     {{931, 914}, 10'270, 227'630, 10'270, 8'000'000},
     {{60, 50}, 500, 6'000, 500, 40'000}},
    {"ijbc",
     {"G1", "G2"},
     {{1'772, 1'759}, 19'593, 469'375, 19'557, 15'638'932},
     {{60, 60}, 600, 7'000, 598, 50'000}},
}};

struct Image {
  int32_t template_index = 0;  // gallery templates by subject, then probes
  int32_t medium = 0;
  int64_t first_of_medium = 0;
};

struct Janus {
  int64_t subjects = 0;
  std::vector<int32_t> subject;     // (templates)
  std::vector<int64_t> first_item;  // (templates + 1)
  std::vector<Image> images;
};

// Ids as the official lists have them: not in the order of the templates, with gaps.
int64_t template_id(int64_t index) { return 3 * index + 1 + (index & 1) * 2; }

Janus make_janus(const Scale& scale, uint64_t seed) {
  Janus set;
  set.subjects = scale.gallery[0] + scale.gallery[1];
  const int64_t templates = set.subjects + scale.probes;
  RandomStream stream(seed, "synth ijb templates");
  for (int64_t t = 0; t < templates; ++t) {
    const bool gallery = t < set.subjects;
    set.subject.push_back(static_cast<int32_t>(
        gallery ? t : static_cast<int64_t>(stream.next_below(static_cast<uint64_t>(set.subjects)))));
  }
  std::vector<int64_t> sizes = heap_sizes(templates, scale.items, 1, 2, {seed, "synth ijb sizes"});
  shuffle(sizes, {seed, "synth ijb order"});
  int32_t medium = 0;
  for (int64_t t = 0; t < templates; ++t) {
    set.first_item.push_back(std::ssize(set.images));
    for (int64_t left = sizes[static_cast<size_t>(t)]; left > 0; ++medium) {
      // Stills are media of one image; the frames of a video are one medium.
      const int64_t frames =
          stream.next_uniform() < 0.6f ? 1 : 2 + static_cast<int64_t>(stream.next_below(24));
      const Image image{static_cast<int32_t>(t), medium, std::ssize(set.images)};
      set.images.insert(set.images.end(), static_cast<size_t>(std::min(frames, left)), image);
      left -= std::min(frames, left);
    }
  }
  set.first_item.push_back(std::ssize(set.images));
  return set;
}

Face face_of(const Janus& set, uint64_t seed, int64_t i) {
  const Image& image = set.images[static_cast<size_t>(i)];
  const int64_t subject = set.subject[static_cast<size_t>(image.template_index)];
  const RandomStream person(seed, "synth ijb person", static_cast<uint64_t>(subject));
  const RandomStream medium(seed, "synth ijb medium", static_cast<uint64_t>(image.medium));
  const RandomStream own(seed, "synth ijb image", static_cast<uint64_t>(i));
  const float likeness = draw_likeness(kSpread, medium.uniform(0)) * (0.85f + 0.15f * own.uniform(0));
  return {.identity = subject,
          .family = subject / kRelatives,
          .kinship = 0.68f * person.uniform(0),
          .photo = i,
          .likeness = likeness,
          .medium = image.first_of_medium,
          .shared = kShared,
          .norm = draw_norm(likeness, own.uniform(1))};
}

void write_images(const std::filesystem::path& stem, const Janus& set, uint64_t seed) {
  TextFile media(stem.string() + "_face_tid_mid.txt"), points(stem.string() + "_name_5pts_score.txt");
  for (int64_t i = 0; i < std::ssize(set.images); ++i) {
    const Image& image = set.images[static_cast<size_t>(i)];
    media.add("{}.jpg {} {}\n", i + 1, template_id(image.template_index), image.medium + 1);
    const RandomStream own(seed, "synth ijb landmarks", static_cast<uint64_t>(i));
    points.add("{}.jpg", i + 1);
    constexpr std::array<uint64_t, 10> kPlaces = {48, 60, 88, 60, 68, 85, 52, 108, 84, 108};  // of 136 pixels
    for (size_t k = 0; k < kPlaces.size(); ++k) {
      const uint64_t thousandths = 1000 * kPlaces[k] - 4000 + own.below(k, 8000);
      points.add(" {}.{:03}", thousandths / 1000, thousandths % 1000);
    }
    // A detector is surer of good photographs.
    const float score = 0.45f + 0.5f * face_of(set, seed, i).likeness + 0.1f * own.uniform(10);
    points.add(" {:.3f}\n", std::min(score, 0.999f));
  }
  media.commit();
  points.commit();
}

// Each probe with its own gallery template (but for the last few, where there are fewer genuine pairs than
// probes) and with as many others as the impostor pairs allow, in steps of the probe's own around both
// galleries.
void write_pairs(const std::filesystem::path& path, const Janus& set, const Scale& scale, uint64_t seed) {
  TextFile list(path);
  RandomStream stream(seed, "synth ijb steps");
  for (int64_t p = 0; p < scale.probes; ++p) {
    const int64_t id = template_id(set.subjects + p);
    const int64_t mate = set.subject[static_cast<size_t>(set.subjects + p)];
    if (p < scale.genuine) list.add("{} {} 1\n", template_id(mate), id);
    int64_t step = 0;
    while (std::gcd(step, set.subjects) != 1) {
      step = static_cast<int64_t>(stream.next_below(static_cast<uint64_t>(set.subjects)));
    }
    const int64_t others = scale.impostor / scale.probes + (p < scale.impostor % scale.probes);
    for (int64_t i = 1, row = mate; i <= others; ++i) {  // fewer than subjects: no row twice, never the mate
      row = (row + step) % set.subjects;
      list.add("{} {} 0\n", template_id(row), id);
    }
  }
  list.commit();
}

// Templates [begin, end), a line for each of their images.
void write_members(const std::filesystem::path& path, const Janus& set, int64_t begin, int64_t end) {
  TextFile list(path);
  list.add("TEMPLATE_ID,SUBJECT_ID,FILENAME,SIGHTING_ID\n");
  for (int64_t i = set.first_item[static_cast<size_t>(begin)]; i < set.first_item[static_cast<size_t>(end)];
       ++i) {
    const Image& image = set.images[static_cast<size_t>(i)];
    const char* folder = image.first_of_medium == i ? "img" : "frames";
    list.add("{},{},{}/{}.jpg,{}\n", template_id(image.template_index),
             set.subject[static_cast<size_t>(image.template_index)] + 1, folder, i + 1, image.medium + 1);
  }
  list.commit();
}

template <size_t kStyle>
class Ijb final : public Benchmark {
 public:
  std::vector<std::pair<std::string, int64_t>> counts(Size size) const override {
    const Style& style = kStyles[kStyle];
    const Scale& scale = style.scale(size);
    return {{"items", scale.items},
            {"templates", scale.gallery[0] + scale.gallery[1] + scale.probes},
            {"pairs", scale.genuine + scale.impostor},
            {"genuine", scale.genuine},
            {"impostor", scale.impostor},
            {"probes", scale.probes},
            {std::string("gallery_") + style.galleries[0], scale.gallery[0]},
            {std::string("gallery_") + style.galleries[1], scale.gallery[1]}};
  }

  void write(const BenchmarkRequest& request) const override {
    const Style& style = kStyles[kStyle];
    const Scale& scale = style.scale(request.size);
    const Janus set = make_janus(scale, request.seed);
    const std::filesystem::path stem = request.folder / "meta" / style.name;
    write_images(stem, set, request.seed);
    write_pairs(stem.string() + "_template_pair_label.txt", set, scale, request.seed);
    const std::string searches = stem.string() + "_1N_";
    const int64_t cut = scale.gallery[0];
    write_members(searches + "gallery_" + style.galleries[0] + ".csv", set, 0, cut);
    write_members(searches + "gallery_" + style.galleries[1] + ".csv", set, cut, set.subjects);
    write_members(searches + "probe_mixed.csv", set, set.subjects, set.subjects + scale.probes);

    const Photographs photographs = {std::ssize(set.images),
                                     [&](int64_t i) { return face_of(set, request.seed, i); },
                                     [](int64_t i) { return fmt::format("{}.jpg", i + 1); }};
    Flaws flaws({request.seed, std::string("synth flaws ") + style.name}, photographs.items);
    // Two probes altogether: a template that fails and one that is zero.
    for (const auto& [probe, flaw] : {std::pair{0, Flaw::kFailed}, std::pair{1, Flaw::kZero}}) {
      const auto at = static_cast<size_t>(set.subjects + probe);
      for (int64_t i = set.first_item[at]; i < set.first_item[at + 1]; ++i) flaws.set(i, flaw);
    }
    write_photographs(request, Sphere(request.seed, style.name), photographs, flaws);
  }
};

template <size_t kStyle>
const Benchmark& ijb() {
  static const Ijb<kStyle> benchmark;
  return benchmark;
}

const Registration<BenchmarkKind> ijbb(kStyles[0].name, ijb<0>);
const Registration<BenchmarkKind> ijbc(kStyles[1].name, ijb<1>);

}  // namespace

}  // namespace fr::synth
