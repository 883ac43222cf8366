// A small IJB-C: each subject has templates of a few media, a medium is a still image or some frames of a
// video.
#include <fmt/core.h>

#include "core/error.h"
#include "synth/synth.h"

namespace fr::synth {

namespace {

constexpr int64_t kFirstSubject = kFirstTestIdentity + (int64_t{1} << 36);

// A face detector is less sure of turned, covered, dark and blurred faces.
float detector_score(const Nuisance& n, RandomStream& r) {
  float doubt = 0.12f * square(n.yaw) + 0.08f * n.blur + 0.15f * n.low_resolution;
  doubt += n.cover == Cover::kNone || n.cover == Cover::kHat ? 0 : 0.2f;
  doubt += n.eyewear == Eyewear::kSunglasses ? 0.1f : 0;
  return std::clamp(1 - doubt * r.next_uniform(0.3f, 1.2f), 0.3f, 0.9999f);
}

// The next frame: the head moves on, the rest stays.
void advance(Nuisance& n, RandomStream& r) {
  n.yaw = std::clamp(n.yaw + 0.12f * r.next_normal(), -1.55f, 1.55f);
  n.pitch += 0.04f * r.next_normal();
  n.roll += 0.05f * r.next_normal();
  n.smile = std::clamp(n.smile + 0.15f * r.next_normal(), -0.3f, 1.f);
  n.mouth_open = std::clamp(n.mouth_open + 0.2f * r.next_normal(), 0.f, 0.8f);
  n.texture_seed = mix(n.texture_seed + 1);
}

Framing loose(const Nuisance& n, RandomStream& r) {
  Framing framing;
  framing.aligned = false;
  framing.size = 140 + static_cast<int>(r.next_below(21));
  const auto size = static_cast<float>(framing.size);
  framing.pixels_per_mm = size / r.next_uniform(255, 315);
  // A turned head reaches backwards from the eyes.
  framing.x = size * (0.5f + 0.16f * std::sin(n.yaw) + 0.03f * r.next_normal());
  framing.y = size * (0.43f + 0.03f * r.next_normal());
  return framing;
}

}  // namespace

IjbcSet make_ijbc_set(const IjbcOptions& options) {
  FR_CHECK(options.subjects > 1 && options.templates_per_subject > 1,
           "IJB-C style: {} subjects with {} templates each; both must be at least 2", options.subjects,
           options.templates_per_subject);
  RandomStream stream(options.seed, "synth ijbc");
  IjbcSet set;
  NuisanceRanges ranges;
  ranges.yaw_power = 1.5f;
  int64_t medium_id = 0, template_id = 0;
  std::vector<int64_t> subject_of;
  for (int64_t subject = 0; subject < options.subjects; ++subject) {
    const Identity identity = make_identity(options.seed, kFirstSubject + subject);
    for (int64_t t = 0; t < options.templates_per_subject; ++t) {
      subject_of.push_back(subject);
      ++template_id;
      const uint64_t media = 1 + stream.next_below(3);
      for (uint64_t m = 0; m < media; ++m) {
        ++medium_id;
        const bool video = stream.next_uniform() < 0.35f;
        const uint64_t frames = video ? 2 + stream.next_below(4) : 1;
        const RandomStream own(options.seed, "synth ijbc medium", static_cast<uint64_t>(medium_id));
        Nuisance nuisance = make_nuisance(identity, ranges, own);
        Framing framing = loose(nuisance, stream);
        for (uint64_t f = 0; f < frames; ++f) {
          if (f > 0) advance(nuisance, stream);
          const std::string file = fmt::format("{}.jpg", set.images.size() + 1);
          set.images.push_back({file,
                                template_id,
                                medium_id,
                                {kFirstSubject + subject, nuisance},
                                framing,
                                detector_score(nuisance, stream)});
        }
      }
    }
  }
  for (int64_t a = 0; a < template_id; ++a)
    for (int64_t b = a + 1; b < template_id; ++b)
      set.pairs.push_back(
          {a + 1, b + 1, subject_of[static_cast<size_t>(a)] == subject_of[static_cast<size_t>(b)]});
  return set;
}

}  // namespace fr::synth
