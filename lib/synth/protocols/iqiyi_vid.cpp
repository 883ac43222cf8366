// Synthetic iQIYI-VID (spec 4.8): videos of people in three splits, and test videos of nobody listed. A row
// is a video.
#include <array>

#include "synth/protocols/photographs.h"
#include "synth/protocols/writers.h"

namespace fr::synth {

namespace {

struct Scale {
  int64_t people, train, validation, test, listed;  // listed: test videos of the people
};
constexpr Scale kFull = {4'934, 219'677, 172'860, 172'835, 110'000};
constexpr Scale kSmall = {30, 600, 300, 900, 600};
const Scale& scale_of(Size size) { return size == Size::kFull ? kFull : kSmall; }

constexpr Spread kSpread = {0.15f, 0.9f, 2};
constexpr int64_t kRelatives = 3;          // people k, k + a third of them, … are one family
constexpr float kRelated = 0.3f;           // share of the videos of nobody that show a relative
constexpr int64_t kStrangers = 1'000'000;  // first identity number
constexpr std::array<const char*, 3> kSplits = {"TRAIN", "VAL", "TEST"};

struct Split {
  int64_t first_item = 0;
  std::vector<int32_t> person;  // (videos), -1: nobody listed
};
using Splits = std::array<Split, kSplits.size()>;

Splits make_splits(const Scale& scale, uint64_t seed) {
  const std::array<int64_t, kSplits.size()> videos = {scale.train, scale.validation, scale.test};
  const std::array<int64_t, kSplits.size()> listed = {scale.train, scale.validation, scale.listed};
  Splits splits;
  int64_t items = 0;
  for (size_t s = 0; s < kSplits.size(); ++s) {
    splits[s].first_item = items;
    items += videos[s];
    std::vector<int32_t>& person = splits[s].person;
    std::vector<int64_t> sizes = heap_sizes(scale.people, listed[s], 2, 1, {seed, "synth iqiyi sizes", s});
    for (int64_t p = 0; p < scale.people; ++p) {
      person.insert(person.end(), static_cast<size_t>(sizes[static_cast<size_t>(p)]),
                    static_cast<int32_t>(p));
    }
    person.resize(static_cast<size_t>(videos[s]), -1);
    shuffle(person, {seed, "synth iqiyi order", s});
  }
  return splits;
}

size_t split_of(const Splits& splits, int64_t item) {
  return item < splits[1].first_item ? 0 : item < splits[2].first_item ? 1 : 2;
}

std::string video_name(size_t split, int64_t number) {
  return fmt::format("IQIYI_VID_{}_{:07}.mp4", kSplits[split], number);
}

void write_truth(const std::filesystem::path& path, const Splits& splits, size_t split, int64_t people) {
  const std::vector<int32_t>& person = splits[split].person;
  std::vector<std::vector<int32_t>> videos(static_cast<size_t>(people));
  for (size_t i = 0; i < person.size(); ++i) {
    if (person[i] >= 0) videos[static_cast<size_t>(person[i])].push_back(static_cast<int32_t>(i));
  }
  TextFile list(path);
  for (size_t p = 0; p < videos.size(); ++p) {
    list.add("{}", p + 1);
    for (const int32_t video : videos[p]) list.add(" {}", video_name(split, video));
    list.add("\n");
  }
  list.commit();
}

class IqiyiVid final : public Benchmark {
 public:
  std::vector<std::pair<std::string, int64_t>> counts(Size size) const override {
    const Scale& scale = scale_of(size);
    return {{"identities", scale.people}, {"examples", scale.train}, {"candidates", scale.test},
            {"train", scale.train},       {"val", scale.validation}, {"test", scale.test}};
  }

  void write(const BenchmarkRequest& request) const override {
    const Scale& scale = scale_of(request.size);
    const Splits splits = make_splits(scale, request.seed);
    constexpr std::array<const char*, kSplits.size()> kTruths = {"train_gt.txt", "val_gt.txt", "test_gt.txt"};
    for (size_t s = 0; s < kTruths.size(); ++s) {
      write_truth(request.folder / kTruths[s], splits, s, scale.people);
    }
    TextFile all(request.folder / "test_videos.txt");
    for (int64_t i = 0; i < scale.test; ++i) all.add("{}\n", video_name(2, i));
    all.commit();

    const Photographs photographs = {scale.train + scale.validation + scale.test,
                                     [&](int64_t i) { return face_of(splits, scale, request.seed, i); },
                                     [&](int64_t i) {
                                       const size_t s = split_of(splits, i);
                                       return video_name(s, i - splits[s].first_item);
                                     }};
    write_photographs(request, Sphere(request.seed, "iqiyi"), photographs,
                      Flaws({request.seed, "synth flaws iqiyi"}, photographs.items));
  }

 private:
  static Face face_of(const Splits& splits, const Scale& scale, uint64_t seed, int64_t item) {
    const Split& split = splits[split_of(splits, item)];
    const int64_t label = split.person[static_cast<size_t>(item - split.first_item)];
    const int64_t identity = label >= 0 ? label : kStrangers + item;
    const RandomStream person(seed, "synth iqiyi person", static_cast<uint64_t>(identity));
    const RandomStream own(seed, "synth iqiyi video", static_cast<uint64_t>(item));
    const auto families = static_cast<uint64_t>((scale.people + kRelatives - 1) / kRelatives);
    const float likeness = draw_likeness(kSpread, own.uniform(0));
    Face face{.identity = identity,
              .kinship = 0.4f + 0.4f * person.uniform(0),
              .photo = item,
              .likeness = likeness,
              .norm = draw_norm(likeness, own.uniform(1))};
    if (label >= 0) {
      face.family = label % static_cast<int64_t>(families);
    } else if (person.uniform(1) < kRelated) {
      face.family = static_cast<int64_t>(person.below(2, families));
    }
    return face;
  }
};

const Benchmark& iqiyi_vid() {
  static const IqiyiVid benchmark;
  return benchmark;
}

const Registration<BenchmarkKind> registration("iqiyi_vid", iqiyi_vid);

}  // namespace

}  // namespace fr::synth
