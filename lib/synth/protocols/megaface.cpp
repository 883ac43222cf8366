// Synthetic MegaFace challenge 1 with FaceScrub probes (spec 4.5): the devkit's lists, the noise lists, and
// one named embedding file. Noisy probes show strangers; some noisy distractors show the people of the
// probes, so that cleaning the lists raises the figures as it does with the real ones.
#include <algorithm>
#include <unordered_map>

#include "synth/protocols/photographs.h"
#include "synth/protocols/writers.h"

namespace fr::synth {

namespace {

struct Scale {
  int64_t people, probes, distractors, owners;  // owners: people on the distractors
  int64_t noisy_probes, other_noisy_names;      // other: names that are not among the probes
  int64_t noisy_distractors, other_noisy_paths, repeated_paths;
  int64_t shown_people, shown_each;  // probe people on noisy distractors, and on how many
  int64_t families;
};
constexpr Scale kFull = {80, 3'530, 1'000'000, 690'572, 24, 581, 686, 21, 12, 6, 10, 20'000};
constexpr Scale kSmall = {12, 120, 5'000, 3'400, 3, 4, 18, 2, 2, 2, 4, 200};
const Scale& scale_of(Size size) { return size == Size::kFull ? kFull : kSmall; }

constexpr Spread kProbeSpread = {0.4f, 0.9f, 2}, kDistractorSpread = {0.3f, 0.9f, 2};
constexpr float kRelated = 0.03f;  // share of the owners that are of a family with probe people or others
constexpr int64_t kStrangers = 1'000, kOwners = 100'000;  // first identity numbers; the probes' begin at 0

struct Lists {
  std::vector<int32_t> person;                        // (probes)
  std::unordered_map<int64_t, int64_t> noisy_probes;  // probe -> identity it really shows
  std::unordered_map<int64_t, int64_t> noisy;         // distractor -> identity, -1: its owner's
  std::vector<int64_t> copies;  // distractors that are a probe of person 0, 1, … again
};

Lists make_lists(const Scale& scale, uint64_t seed) {
  Lists lists;
  for (int64_t i = 0; i < scale.probes; ++i) {
    lists.person.push_back(static_cast<int32_t>(i * scale.people / scale.probes));
  }
  RandomStream stream(seed, "synth megaface noise");
  while (std::ssize(lists.noisy_probes) < scale.noisy_probes) {
    const auto probe = static_cast<int64_t>(stream.next_below(static_cast<uint64_t>(scale.probes)));
    lists.noisy_probes.emplace(probe, kStrangers + probe);
  }
  while (std::ssize(lists.noisy) < scale.noisy_distractors) {
    const auto distractor = static_cast<int64_t>(stream.next_below(static_cast<uint64_t>(scale.distractors)));
    const int64_t shown = std::ssize(lists.noisy) / scale.shown_each;
    const bool added = lists.noisy.emplace(distractor, shown < scale.shown_people ? shown : -1).second;
    if (added && shown < scale.shown_people && shown == std::ssize(lists.copies))
      lists.copies.push_back(distractor);
  }
  return lists;
}

std::string probe_name(const Lists& lists, int64_t i) {
  return fmt::format("Person_{0:02}/Person_{0:02}_{1:05}.png", lists.person[static_cast<size_t>(i)],
                     7 * i + 3);
}

int64_t owner_of(const Scale& scale, int64_t distractor) {
  return distractor * scale.owners / scale.distractors;
}

std::string distractor_name(const Scale& scale, int64_t i) {  // first digits of the owner, owner, photograph
  const int64_t account = 10'000'000 + 123 * owner_of(scale, i);
  return fmt::format("{}/{}@N{:02}/{}_{}.jpg", account / 100'000, account, account % 8, 500'000 + 31 * i,
                     i % 4);
}

void write_lists(const std::filesystem::path& folder, const Lists& lists, const Scale& scale) {
  TextFile probes(folder / "facescrub_features_list.json"), plain(folder / "facescrub_lst");
  for (int64_t i = 0; i < scale.probes; ++i) {
    probes.add("{}\n        \"{}\"", i == 0 ? "{\n    \"path\": [" : ",", probe_name(lists, i));
    plain.add("facescrub/{}\n", probe_name(lists, i));
  }
  for (int64_t i = 0; i < scale.probes; ++i) {
    probes.add("{}\n        \"Person_{:02}\"", i == 0 ? "\n    ],\n    \"id\": [" : ",",
               lists.person[static_cast<size_t>(i)]);
  }
  probes.add("\n    ]\n}}\n");
  probes.commit();
  plain.commit();

  TextFile all(folder / "megaface_lst");
  for (int64_t i = 0; i < scale.distractors; ++i) all.add("{}\n", distractor_name(scale, i));
  all.commit();
  for (int64_t size = 10; size <= scale.distractors; size *= 10) {
    TextFile list(folder / fmt::format("megaface_features_list.json_{}_1", size));
    for (int64_t i = 0; i < size; ++i) {
      list.add("{}\"{}\"", i == 0 ? "{\"path\": [" : ", ", distractor_name(scale, i));
    }
    list.add("]}}\n");
    list.commit();
  }
}

void write_noise_lists(const std::filesystem::path& folder, const Lists& lists, const Scale& scale) {
  const auto sorted = [](const std::unordered_map<int64_t, int64_t>& noisy) {
    std::vector<int64_t> items;
    for (const auto& [item, identity] : noisy) items.push_back(item);
    std::sort(items.begin(), items.end());
    return items;
  };
  TextFile probes(folder / "facescrub_noises.txt");
  probes.add("# faces that are not who the list says\n");
  for (const int64_t i : sorted(lists.noisy_probes)) {
    const std::string name = probe_name(lists, i);
    probes.add("{}\n", name.substr(name.find('/') + 1));
  }
  for (int64_t i = 0; i < scale.other_noisy_names; ++i) probes.add("Nobody_{:03}_{}.png\n", i, 7 * i + 1);
  probes.commit();

  TextFile distractors(folder / "megaface_noises.txt");
  distractors.add("# distractors that show people of FaceScrub\n");
  const std::vector<int64_t> noisy = sorted(lists.noisy);
  for (size_t i = 0; i < noisy.size(); ++i) {
    if (i % 4 == 0) distractors.add("{}\t", i);  // the real list has such lines
    distractors.add("{}\n", distractor_name(scale, noisy[i]));
  }
  for (int64_t i = 0; i < scale.other_noisy_paths; ++i) distractors.add("999/9990000{0}@N00/{0}_0.jpg\n", i);
  for (size_t i = 0; i < static_cast<size_t>(scale.repeated_paths); ++i) {
    distractors.add("{}\n", distractor_name(scale, noisy[i]));
  }
  distractors.commit();
}

class Megaface final : public Benchmark {
 public:
  std::vector<std::pair<std::string, int64_t>> counts(Size size) const override {
    const Scale& scale = scale_of(size);
    return {{"items", scale.probes + scale.distractors},
            {"probes", scale.probes},
            {"people", scale.people},
            {"distractors", scale.distractors}};
  }

  void write(const BenchmarkRequest& request) const override {
    const Scale& scale = scale_of(request.size);
    const Lists lists = make_lists(scale, request.seed);
    write_lists(request.folder, lists, scale);
    write_noise_lists(request.folder, lists, scale);

    const Photographs photographs = {
        scale.probes + scale.distractors, [&](int64_t i) { return face_of(lists, scale, request.seed, i); },
        [&](int64_t i) {
          return i < scale.probes ? probe_name(lists, i) : distractor_name(scale, i - scale.probes);
        }};
    Flaws flaws({request.seed, "synth flaws megaface"}, photographs.items,
                [&](int64_t a, int64_t b) { return (a < scale.probes) == (b < scale.probes); });
    for (size_t p = 0; p < lists.copies.size(); ++p) {  // exact ties of a mate and a distractor
      const auto probe = std::find(lists.person.begin(), lists.person.end(), static_cast<int32_t>(p));
      flaws.set(scale.probes + lists.copies[p], Flaw::kTwin, probe - lists.person.begin());
    }
    flaws.set(scale.probes / 2, Flaw::kFailed);
    flaws.set(scale.probes / 3, Flaw::kZero);
    write_photographs(request, Sphere(request.seed, "megaface"), photographs, flaws);
  }

 private:
  static Face face_of(const Lists& lists, const Scale& scale, uint64_t seed, int64_t item) {
    const bool is_probe = item < scale.probes;
    const auto& noisy = is_probe ? lists.noisy_probes : lists.noisy;
    const int64_t place = is_probe ? item : item - scale.probes;
    const int64_t owner = owner_of(scale, place);
    int64_t identity = is_probe ? lists.person[static_cast<size_t>(place)] : kOwners + owner;
    if (const auto at = noisy.find(place); at != noisy.end() && at->second >= 0) identity = at->second;

    const RandomStream person(seed, "synth megaface person", static_cast<uint64_t>(identity));
    const RandomStream own(seed, "synth megaface photo", static_cast<uint64_t>(item));
    const float likeness = draw_likeness(is_probe ? kProbeSpread : kDistractorSpread, own.uniform(0));
    Face face{.identity = identity,
              .kinship = 0.4f + 0.4f * person.uniform(0),
              .photo = item,
              .likeness = likeness};
    if (identity < scale.people) {
      face.family = identity;
    } else if (person.uniform(1) < kRelated) {
      face.family = static_cast<int64_t>(person.below(2, static_cast<uint64_t>(scale.families)));
    }
    return face;
  }
};

const Benchmark& megaface() {
  static const Megaface benchmark;
  return benchmark;
}

const Registration<BenchmarkKind> registration("megaface", megaface);

}  // namespace

}  // namespace fr::synth
