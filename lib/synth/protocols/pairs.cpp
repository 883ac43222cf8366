// Synthetic LFW, AgeDB-30, CALFW and CPLFW (spec 4.4): ten folds of people whom no other fold has, half of
// the pairs genuine. Each list has its own spelling.
#include <array>

#include "synth/protocols/photographs.h"
#include "synth/protocols/writers.h"

namespace fr::synth {

namespace {

constexpr int64_t kFolds = 10;
constexpr int64_t kPhotos = 4;     // of a person with genuine pairs: 1 with 2, 3 with 4
constexpr int64_t kRelatives = 3;  // consecutive people of a fold are one family

struct Photo {
  int64_t person = 0, number = 1;
};

struct LabelledPair {
  int64_t a = 0, b = 0;  // photos
  bool same = false;
};

struct PairSet {
  std::vector<Photo> photos;
  std::vector<LabelledPair> pairs;  // fold by fold, genuine ones first
};

using WriteLists = void (*)(const std::filesystem::path& folder, const PairSet& set);
using NamePhoto = std::string (*)(const Photo& photo);

struct Style {
  const char* name;
  Spread odd, even;  // of the photos with odd and with even numbers: the two of a genuine pair
  float related;     // share of the impostor pairs that are of one family
  NamePhoto name_photo;
  WriteLists write_lists;
};

// Per fold: half as many people of four photos as genuine pairs, and people of one photo, which impostor
// pairs cover. The last fold has one more, so that the full set has LFW's 7,701 photos.
PairSet make_pairs(const Style& style, int64_t per_class, uint64_t seed) {
  PairSet set;
  RandomStream stream(seed, std::string("synth list ") + style.name);
  const auto below = [&](int64_t bound) {
    return static_cast<int64_t>(stream.next_below(static_cast<uint64_t>(bound)));
  };
  int64_t person = 0;
  for (int64_t fold = 0; fold < kFolds; ++fold) {
    const auto first = std::ssize(set.photos);
    const int64_t paired = per_class / 2, singles = per_class * 17 / 30 + (fold == kFolds - 1);
    std::vector<int64_t> first_photo;  // (people of the fold)
    for (int64_t p = 0; p < paired + singles; ++p, ++person) {
      first_photo.push_back(std::ssize(set.photos));
      for (int64_t k = 1; k <= (p < paired ? kPhotos : 1); ++k) set.photos.push_back({person, k});
    }
    const int64_t people = paired + singles, photos = std::ssize(set.photos) - first;
    for (int64_t p = 0; p < per_class; ++p) {
      const int64_t a = first + p / 2 * kPhotos + p % 2 * 2;
      set.pairs.push_back({a, a + 1, true});
    }
    for (int64_t i = 0; i < per_class; ++i) {
      const int64_t a = i < singles ? first_photo[static_cast<size_t>(paired + i)] : first + below(photos);
      const auto who = [&](int64_t photo) { return set.photos[static_cast<size_t>(photo)].person; };
      const int64_t relative =
          who(a) / kRelatives * kRelatives + (who(a) + 1) % kRelatives - who(first);  // in this fold
      int64_t b = a;
      if (stream.next_uniform() < style.related && relative >= 0 && relative < people) {
        b = first_photo[static_cast<size_t>(relative)];
      }
      while (who(b) == who(a)) b = first + below(photos);
      set.pairs.push_back({a, b, false});
    }
  }
  return set;
}

Face face_of(const Style& style, const PairSet& set, uint64_t seed, int64_t i) {
  const Photo& photo = set.photos[static_cast<size_t>(i)];
  const RandomStream person(seed, "synth pairs person", static_cast<uint64_t>(photo.person));
  const RandomStream own(seed, "synth pairs photo", static_cast<uint64_t>(i));
  const float likeness = draw_likeness(photo.number % 2 == 1 ? style.odd : style.even, own.uniform(0));
  return {.identity = photo.person,
          .family = photo.person / kRelatives,
          .kinship = 0.4f + 0.4f * person.uniform(0),
          .photo = i,
          .likeness = likeness,
          .norm = draw_norm(likeness, own.uniform(1))};
}

std::string folder_name(const Photo& photo) {  // LFW's
  return fmt::format("Person_{0:05}/Person_{0:05}_{1:04}.jpg", photo.person, photo.number);
}
std::string flat_name(const Photo& photo) {
  return fmt::format("Person_{:05}_{:04}.jpg", photo.person, photo.number);
}
std::string aged_name(const Photo& photo) {  // person first, then three fields and the sex, as AgeDB's
  return fmt::format("{0:05}_Person_{1}_{2}_{3}.jpg", photo.person, photo.number,
                     18 + photo.person * 7 % 30 + (photo.number % 2 == 0 ? 30 : 0),
                     photo.person % 2 ? 'f' : 'm');
}

void write_lfw(const std::filesystem::path& folder, const PairSet& set) {
  TextFile list(folder / "pairs.txt");
  list.add("{}\t{}\n", kFolds, std::ssize(set.pairs) / kFolds / 2);
  for (const LabelledPair& pair : set.pairs) {
    const Photo &a = set.photos[static_cast<size_t>(pair.a)], &b = set.photos[static_cast<size_t>(pair.b)];
    list.add("Person_{:05}\t{}\t", a.person, a.number);
    if (!pair.same) list.add("Person_{:05}\t", b.person);
    list.add("{}\n", b.number);
  }
  list.commit();
}

void write_agedb(const std::filesystem::path& folder, const PairSet& set) {
  TextFile list(folder / "pairs_label.txt");
  for (const LabelledPair& pair : set.pairs) {
    list.add("{} {} {:d}\n", aged_name(set.photos[static_cast<size_t>(pair.a)]),
             aged_name(set.photos[static_cast<size_t>(pair.b)]), pair.same);
  }
  list.commit();
}

// All genuine pairs first, two lines each; CALFW's label of a genuine pair is its fold.
void write_cross_lfw(const std::filesystem::path& path, const PairSet& set, bool number_folds) {
  TextFile list(path);
  const int64_t per_fold = std::ssize(set.pairs) / kFolds;
  for (const bool same : {true, false}) {
    for (int64_t i = 0; i < std::ssize(set.pairs); ++i) {
      const LabelledPair& pair = set.pairs[static_cast<size_t>(i)];
      if (pair.same != same) continue;
      const int64_t label = !same ? 0 : number_folds ? 1 + i / per_fold : 1;
      for (const int64_t photo : {pair.a, pair.b}) {
        list.add("{} {}\n", flat_name(set.photos[static_cast<size_t>(photo)]), label);
      }
    }
  }
  list.commit();
}
void write_calfw(const std::filesystem::path& folder, const PairSet& set) {
  write_cross_lfw(folder / "pairs_CALFW.txt", set, true);
}
void write_cplfw(const std::filesystem::path& folder, const PairSet& set) {
  write_cross_lfw(folder / "pairs_CPLFW.txt", set, false);
}

constexpr std::array<Style, 4> kStyles = {{
    {"lfw", {0.5f, 0.9f, 3}, {0.5f, 0.9f, 3}, 0.1f, folder_name, write_lfw},
    {"agedb_30", {0.35f, 0.8f, 2}, {0.3f, 0.8f, 2}, 0.15f, aged_name, write_agedb},
    {"calfw", {0.3f, 0.8f, 2}, {0.3f, 0.8f, 2}, 0.25f, flat_name, write_calfw},
    {"cplfw", {0.32f, 0.82f, 2}, {0.25f, 0.78f, 2}, 0.2f, flat_name, write_cplfw},
}};

template <size_t kStyle>
class Pairs final : public Benchmark {
 public:
  std::vector<std::pair<std::string, int64_t>> counts(Size size) const override {
    const int64_t genuine = kFolds * per_class(size);
    return {{"pairs", 2 * genuine}, {"genuine", genuine}, {"impostor", genuine}, {"folds", kFolds}};
  }
  void write(const BenchmarkRequest& request) const override {
    const Style& style = kStyles[kStyle];
    const PairSet set = make_pairs(style, per_class(request.size), request.seed);
    style.write_lists(request.folder, set);
    const Photographs photographs = {
        std::ssize(set.photos), [&](int64_t i) { return face_of(style, set, request.seed, i); },
        [&](int64_t i) { return style.name_photo(set.photos[static_cast<size_t>(i)]); }};
    write_photographs(request, Sphere(request.seed, style.name), photographs,
                      Flaws({request.seed, std::string("synth flaws ") + style.name}, photographs.items));
  }

 private:
  static int64_t per_class(Size size) { return size == Size::kFull ? 300 : 30; }
};

template <size_t kStyle>
const Benchmark& pairs() {
  static const Pairs<kStyle> benchmark;
  return benchmark;
}

const Registration<BenchmarkKind> lfw(kStyles[0].name, pairs<0>);
const Registration<BenchmarkKind> agedb_30(kStyles[1].name, pairs<1>);
const Registration<BenchmarkKind> calfw(kStyles[2].name, pairs<2>);
const Registration<BenchmarkKind> cplfw(kStyles[3].name, pairs<3>);

}  // namespace

}  // namespace fr::synth
