// Nuisance: pose, age, expression, styling, light, background, covering and sensor of one photograph.
#include <numbers>

#include "synth/face.h"

namespace fr::synth {

namespace {

constexpr float kDegree = std::numbers::pi_v<float> / 180;

Vec3 colour(RandomStream& r, float low, float high) {
  const float grey = r.next_uniform(low, high), strength = r.next_uniform() * r.next_uniform();
  const Vec3 hue{r.next_uniform(), r.next_uniform(), r.next_uniform()};
  return lerp(Vec3{grey, grey, grey}, hue * (2 * grey), strength);
}

// Warm to cold.
Vec3 temperature(float t) { return {1 + 0.22f * t, 1 + 0.03f * t, 1 - 0.30f * t}; }

void draw_pose(Nuisance& n, const NuisanceRanges& ranges, RandomStream& r) {
  const float u = r.next_uniform();
  const float side = r.next_uniform() < 0.5f ? -1.f : 1.f;
  n.yaw =
      side * kDegree * (ranges.yaw_low + (ranges.yaw_high - ranges.yaw_low) * std::pow(u, ranges.yaw_power));
  n.pitch = kDegree * ranges.pitch * std::clamp(0.5f * r.next_normal(), -1.3f, 1.3f);
  n.roll = kDegree * 8 * r.next_normal();
  n.distance = 600 + 2400 * square(r.next_uniform());
  n.shift_x = 1.1f * r.next_normal();
  n.shift_y = 1.1f * r.next_normal();
  n.scale = 1 + 0.025f * r.next_normal();
  n.rotate = 1.6f * kDegree * r.next_normal();
}

void draw_expression(Nuisance& n, const NuisanceRanges& ranges, RandomStream& r) {
  const float e = ranges.expression;
  const float mood = r.next_uniform();
  n.smile = e * (mood < 0.45f ? r.next_uniform(0.25f, 1) : r.next_uniform(-0.35f, 0.2f));
  const float open = r.next_uniform();
  n.mouth_open = e * (open < 0.35f ? r.next_uniform(0.1f, 0.8f) : 0.f);
  n.brow_raise = e * std::clamp(0.5f * r.next_normal(), -1.f, 1.3f);
  n.eye_open = 1 - e * std::max(0.f, r.next_uniform(-0.6f, 0.4f));
  n.gaze_x = e * 1.6f * r.next_normal();
  n.gaze_y = e * 0.7f * r.next_normal();
}

void draw_styling(Nuisance& n, const Identity& id, const NuisanceRanges& ranges, RandomStream& r) {
  const float change = r.next_uniform();
  const int other = static_cast<int>(r.next_below(kHairStyles));
  n.hair_style = change < 0.45f * ranges.styling ? other : id.hair_style;
  n.hair_length = r.next_uniform();
  n.parting = r.next_uniform(-1, 1);
  n.hair_tone_drift = ranges.styling * 0.16f * r.next_normal();
  const float groomed = r.next_uniform(), amount = r.next_uniform(0.3f, 1), lip = r.next_uniform();
  n.beard = groomed < 0.5f * id.beard_tendency ? amount : 0;
  n.moustache = std::max(lip < 0.4f * id.beard_tendency ? amount : 0.f, 0.8f * n.beard);
  const float paint = r.next_uniform();
  n.makeup = id.masculinity < 0.5f && paint < 0.5f ? r.next_uniform(0.2f, 1) : 0;
  n.weight = 0.5f * r.next_normal();
}

void draw_cover(Nuisance& n, const NuisanceRanges& ranges, RandomStream& r) {
  const float wear = r.next_uniform(), cover = r.next_uniform();
  const float o = ranges.occlusion;
  n.eyewear = wear < 0.04f * o ? Eyewear::kSunglasses : wear < 0.17f * o ? Eyewear::kGlasses : Eyewear::kNone;
  n.eyewear_size = r.next_uniform(0.85f, 1.2f);
  n.eyewear_tone = r.next_uniform();
  n.eyewear_round = r.next_uniform();
  n.cover = cover < 0.03f * o   ? Cover::kMask
            : cover < 0.07f * o ? Cover::kHand
            : cover < 0.11f * o ? Cover::kBar
            : cover < 0.18f * o ? Cover::kHat
                                : Cover::kNone;
  n.cover_x = r.next_uniform(-1, 1);
  n.cover_y = r.next_uniform(-1, 1);
  n.cover_angle = r.next_uniform(0, 6.28f);
  n.cover_size = r.next_uniform();
  n.cover_colour = colour(r, 0.02f, 0.8f);
}

void draw_light(Nuisance& n, const NuisanceRanges& ranges, RandomStream& r) {
  const float s = ranges.light;
  const float azimuth = s * 0.85f * r.next_normal(), height = 0.45f + s * 0.45f * r.next_normal();
  n.light = normalised({std::sin(azimuth), -std::sin(height), std::max(0.05f, std::cos(azimuth))});
  const float hardness = r.next_uniform();
  n.key = lerp(0.45f, 1.25f, hardness);
  n.ambient = lerp(0.75f, 0.22f, hardness);
  n.key_colour = temperature(s * r.next_uniform(-0.8f, 0.8f));
  n.ambient_colour = temperature(s * r.next_uniform(-0.8f, 0.8f));
  const float shaded = r.next_uniform();
  n.shadow_edge = r.next_uniform(-0.9f, 0.9f);
  n.shadow_angle = r.next_uniform(0, 6.28f);
  n.shadow_depth = shaded < 0.2f * s ? r.next_uniform(0.3f, 0.75f) : 0;
  n.shine = r.next_uniform(0.15f, 1);
  n.tone_drift = s * std::clamp(0.13f * r.next_normal(), -0.3f, 0.3f);
  n.red_drift = 0.3f * r.next_normal();
  const Vec3 balance = temperature(s * std::clamp(0.4f * r.next_normal(), -0.9f, 0.9f));
  const float tint = 1 + s * 0.04f * r.next_normal();
  n.white_balance = {balance.x, balance.y * tint, balance.z};
  n.exposure = std::exp(s * std::clamp(0.33f * r.next_normal(), -0.75f, 0.6f));
  n.contrast = std::exp(s * 0.16f * r.next_normal());
  const float colourless = r.next_uniform();
  n.saturation = colourless < 0.06f * s ? 0 : std::max(0.3f, 1 + 0.22f * s * r.next_normal());
}

void draw_scene(Nuisance& n, const NuisanceRanges& ranges, RandomStream& r) {
  n.background_a = colour(r, 0.01f, 0.85f);
  n.background_b = colour(r, 0.01f, 0.85f);
  n.cloth = colour(r, 0.01f, 0.75f);
  n.background_kind = static_cast<int>(r.next_below(5));
  const float s = ranges.sensor;
  n.blur = 0.3f + s * 0.9f * square(r.next_uniform());
  const float coarse = r.next_uniform();
  n.low_resolution = coarse < 0.12f * s ? r.next_uniform(0.3f, 1) : 0;
  n.noise = 0.004f + s * 0.026f * square(r.next_uniform());
  n.texture_seed = r.next_bits();
}

}  // namespace

Nuisance make_nuisance(const Identity& identity, const NuisanceRanges& ranges, RandomStream stream) {
  Nuisance n;
  draw_pose(n, ranges, stream);
  n.age = stream.next_uniform(ranges.age_low, ranges.age_high);
  draw_expression(n, ranges, stream);
  draw_styling(n, identity, ranges, stream);
  draw_cover(n, ranges, stream);
  draw_light(n, ranges, stream);
  draw_scene(n, ranges, stream);
  return n;
}

}  // namespace fr::synth
