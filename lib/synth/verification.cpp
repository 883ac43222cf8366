// Pair lists in the spirit of LFW, CFP-FP, AgeDB-30, CALFW and CPLFW. What tells the sets apart is which
// nuisance differs within a pair; it is drawn alike for genuine and impostor pairs and so tells nothing.
#include <algorithm>

#include "core/error.h"
#include "synth/synth.h"

namespace fr::synth {

namespace {

struct Style {
  const char* name;
  NuisanceRanges first, second;
  float age_gap;    // years from the first to the second photograph
  bool lookalikes;  // impostors of similar skin, hair and sex
};

NuisanceRanges pose(float low, float high, float power) {
  NuisanceRanges ranges;
  ranges.yaw_low = low;
  ranges.yaw_high = high;
  ranges.yaw_power = power;
  return ranges;
}

// Press photographs: near frontal, evenly lit, seldom covered.
NuisanceRanges press() {
  NuisanceRanges ranges = pose(0, 20, 1.5f);
  ranges.expression = 0.7f;
  ranges.styling = 0.4f;
  ranges.occlusion = 0.3f;
  ranges.light = 0.6f;
  ranges.sensor = 0.5f;
  return ranges;
}

const std::vector<Style>& styles() {
  static const std::vector<Style> all = {
      {"lfw", press(), press(), 0, false},
      {"cfp_fp", pose(0, 12, 1), pose(70, 90, 1), 0, false},
      {"agedb_30", pose(0, 40, 1.5f), pose(0, 40, 1.5f), 30, false},
      {"calfw", pose(0, 30, 1.5f), pose(0, 30, 1.5f), 30, true},
      {"cplfw", pose(0, 30, 1), pose(35, 75, 1), 0, true},
  };
  return all;
}

float unlikeness(const Identity& a, const Identity& b) {
  return std::abs(a.skin_tone - b.skin_tone) + 0.5f * std::abs(a.hair_tone - b.hair_tone) +
         0.5f * std::abs(a.masculinity - b.masculinity) + (a.hair_style == b.hair_style ? 0.f : 0.3f);
}

}  // namespace

std::vector<std::string> verification_sets() {
  std::vector<std::string> names;
  for (const Style& style : styles()) names.push_back(style.name);
  return names;
}

VerificationSet make_verification_set(const std::string& name, int64_t pairs, uint64_t seed) {
  FR_CHECK(pairs > 0 && pairs % 20 == 0, "{} pairs: ten folds, half of each genuine, need a multiple of 20",
           pairs);
  size_t which = 0;
  while (which < styles().size() && styles()[which].name != name) ++which;
  FR_CHECK(which < styles().size(), "no synthetic set '{}'", name);
  const Style& style = styles()[which];

  const int64_t per_fold = pairs / 10, people = std::max<int64_t>(12, per_fold / 2);
  const int64_t first = kFirstTestIdentity + (static_cast<int64_t>(which) << 28);
  RandomStream stream(seed, "synth pairs " + name);
  VerificationSet set{name, {}, {}};
  for (int64_t fold = 0; fold < 10; ++fold) {
    std::vector<Identity> identities;  // of this fold alone
    for (int64_t i = 0; i < people; ++i) identities.push_back(make_identity(seed, first + fold * people + i));
    const auto someone = [&] {
      return static_cast<int64_t>(stream.next_below(static_cast<uint64_t>(people)));
    };
    for (int64_t i = 0; i < per_fold; ++i) {
      const bool same = i < per_fold / 2;
      const int64_t a = someone();
      int64_t b = a;
      for (int trial = 0; !same && trial < (style.lookalikes ? 12 : 1); ++trial) {
        const int64_t other =
            (a + 1 + static_cast<int64_t>(stream.next_below(static_cast<uint64_t>(people - 1)))) % people;
        const auto distance = [&](int64_t p) {
          return unlikeness(identities[static_cast<size_t>(a)], identities[static_cast<size_t>(p)]);
        };
        if (b == a || distance(other) < distance(b)) b = other;
      }
      const float age = stream.next_uniform(18, 70 - style.age_gap);
      const auto shoot = [&](int64_t person, NuisanceRanges ranges, float at, uint64_t shot) {
        ranges.age_low = at - 3;
        ranges.age_high = at + 3;
        const RandomStream own(seed, "synth shot " + name, shot);
        set.shots.push_back({first + fold * people + person,
                             make_nuisance(identities[static_cast<size_t>(person)], ranges, own)});
      };
      const auto shot = static_cast<uint64_t>(2 * (fold * per_fold + i));
      shoot(a, style.first, age, shot);
      shoot(b, style.second, age + style.age_gap, shot + 1);
      set.same.push_back(same ? 1 : 0);
    }
  }
  return set;
}

}  // namespace fr::synth
