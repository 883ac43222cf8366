// Synthetic YouTube Faces (spec 4.4): videos of people whom no other split has, and a row for each frame. The
// full size has the real numbers of people by their videos, of videos, of pairs and of frames.
#include <algorithm>
#include <array>
#include <cassert>
#include <set>

#include "synth/protocols/photographs.h"
#include "synth/protocols/writers.h"

namespace fr::synth {

namespace {

constexpr int64_t kSplits = 10;
constexpr int64_t kRelatives = 3;  // consecutive people are one family
constexpr Spread kVideoSpread = {0.35f, 0.85f, 2};
constexpr float kShared = 0.8f;  // of the noise of two frames of a video

struct Scale {
  std::array<int64_t, 6> people;  // of one, two, … videos
  int64_t pairs_per_class;        // in a split
  int64_t frames, least;          // of all videos, of one video
};
constexpr Scale kFull = {{591, 471, 307, 167, 51, 8}, 250, 621'126, 48};
constexpr Scale kSmall = {{40, 40, 20, 10, 0, 0}, 10, 1'800, 5};
const Scale& scale_of(Size size) { return size == Size::kFull ? kFull : kSmall; }

struct Video {
  int64_t person = 0, number = 0;  // Person_PPPP/NUMBER
  int64_t first_item = 0;          // frames are items first_item …
};

struct Collection {
  std::vector<Video> videos;
  std::array<std::vector<std::vector<int64_t>>, kSplits> people;  // of a split: videos of each person
  std::vector<int32_t> video_of;                                  // (items)
};

Collection make_videos(const Scale& scale, uint64_t seed) {
  Collection set;
  int64_t person = 0;
  for (size_t more = scale.people.size(); more-- > 0;) {
    for (int64_t i = 0; i < scale.people[more]; ++i, ++person) {
      std::vector<int64_t>& mine = set.people[static_cast<size_t>(person % kSplits)].emplace_back();
      for (size_t number = 0; number <= more; ++number) {
        mine.push_back(std::ssize(set.videos));
        set.videos.push_back({person, static_cast<int64_t>(number)});
      }
    }
  }
  std::vector<int64_t> frames =
      heap_sizes(std::ssize(set.videos), scale.frames, scale.least, 1, {seed, "synth ytf frames"});
  shuffle(frames, {seed, "synth ytf order"});
  for (size_t v = 0; v < set.videos.size(); ++v) {
    set.videos[v].first_item = std::ssize(set.video_of);
    set.video_of.insert(set.video_of.end(), static_cast<size_t>(frames[v]), static_cast<int32_t>(v));
  }
  return set;
}

std::string video_name(const Video& video) {
  return fmt::format("Person_{:04}/{}", video.person, video.number);
}

// The form of the copies in the wild: CRLF, and no end of the last line.
void write_splits(const std::filesystem::path& path, const Collection& set, const Scale& scale,
                  uint64_t seed) {
  TextFile list(path);
  const char* end = "";
  for (size_t split = 0; split < kSplits; ++split) {
    RandomStream stream(seed, "synth ytf split", split);
    std::vector<std::pair<int64_t, int64_t>> genuine;
    std::vector<int64_t> all;
    for (const auto& mine : set.people[split]) {
      all.insert(all.end(), mine.begin(), mine.end());
      for (size_t i = 0; i < mine.size(); ++i)
        for (size_t j = i + 1; j < mine.size(); ++j) genuine.emplace_back(mine[i], mine[j]);
    }
    shuffle(genuine, {seed, "synth ytf genuine", split});
    shuffle(all, {seed, "synth ytf impostor", split});
    assert(std::ssize(genuine) >= scale.pairs_per_class);
    genuine.resize(static_cast<size_t>(scale.pairs_per_class));
    // Impostor pairs begin with the videos that have no genuine pair, so that all occur.
    std::set<int64_t> seen;
    for (const auto& [a, b] : genuine) seen.insert({a, b});
    std::stable_partition(all.begin(), all.end(), [&](int64_t v) { return !seen.contains(v); });
    for (int64_t i = 0; i < 2 * scale.pairs_per_class; ++i) {
      const bool same = i < scale.pairs_per_class;
      const auto at = static_cast<size_t>(same ? i : i - scale.pairs_per_class);
      std::pair<int64_t, int64_t> pair;
      if (same) {
        pair = genuine[at];
      } else {
        pair.first = pair.second = all[at % all.size()];
        const auto person = [&](int64_t v) { return set.videos[static_cast<size_t>(v)].person; };
        while (person(pair.second) == person(pair.first)) pair.second = all[stream.next_below(all.size())];
      }
      list.add("{}{}, {}, {}, {}, {:d}", end, split + 1, i + 1,
               video_name(set.videos[static_cast<size_t>(pair.first)]),
               video_name(set.videos[static_cast<size_t>(pair.second)]), same);
      end = "\r\n";
    }
  }
  list.commit();
}

class Ytf final : public Benchmark {
 public:
  std::vector<std::pair<std::string, int64_t>> counts(Size size) const override {
    const Scale& scale = scale_of(size);
    int64_t videos = 0;
    for (size_t i = 0; i < scale.people.size(); ++i) videos += scale.people[i] * static_cast<int64_t>(i + 1);
    const int64_t genuine = kSplits * scale.pairs_per_class;
    return {{"videos", videos},   {"frames", scale.frames}, {"pairs", 2 * genuine},
            {"genuine", genuine}, {"impostor", genuine},    {"folds", kSplits}};
  }

  void write(const BenchmarkRequest& request) const override {
    const Scale& scale = scale_of(request.size);
    const Collection set = make_videos(scale, request.seed);
    write_splits(request.folder / "splits.txt", set, scale, request.seed);
    const auto video_of = [&](int64_t item) -> const Video& {
      return set.videos[static_cast<size_t>(set.video_of[static_cast<size_t>(item)])];
    };
    const Photographs photographs = {
        std::ssize(set.video_of), [&](int64_t i) { return face_of(video_of(i), i, request.seed); },
        [&](int64_t i) {
          const Video& video = video_of(i);
          return fmt::format("{}/{}.{}.jpg", video_name(video), video.number, 100 + i - video.first_item);
        }};
    write_photographs(request, Sphere(request.seed, "ytf"), photographs,
                      Flaws({request.seed, "synth flaws ytf"}, photographs.items));
  }

 private:
  static Face face_of(const Video& video, int64_t item, uint64_t seed) {
    const RandomStream person(seed, "synth ytf person", static_cast<uint64_t>(video.person));
    const RandomStream taken(seed, "synth ytf video", static_cast<uint64_t>(video.first_item));
    const RandomStream frame(seed, "synth ytf frame", static_cast<uint64_t>(item));
    const float likeness = draw_likeness(kVideoSpread, taken.uniform(0)) * (0.8f + 0.2f * frame.uniform(0));
    return {.identity = video.person,
            .family = video.person / kRelatives,
            .kinship = 0.4f + 0.4f * person.uniform(0),
            .photo = item,
            .likeness = likeness,
            .medium = video.first_item,
            .shared = kShared,
            .norm = draw_norm(likeness, frame.uniform(1))};
  }
};

const Benchmark& ytf() {
  static const Ytf benchmark;
  return benchmark;
}

const Registration<BenchmarkKind> registration("ytf", ytf);

}  // namespace

}  // namespace fr::synth
