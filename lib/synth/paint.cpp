// Skin with its spots, wrinkles, nose shading and beard; the eye and mouth are in paint_features.cpp.
#include "synth/paint.h"

namespace fr::synth {

namespace {

// Linear albedo of skin from fair to dark.
Vec3 skin_colour(float tone, float red) {
  const Vec3 ramp[] = {{0.82f, 0.62f, 0.53f},
                       {0.68f, 0.455f, 0.345f},
                       {0.47f, 0.28f, 0.19f},
                       {0.25f, 0.135f, 0.085f},
                       {0.12f, 0.065f, 0.045f}};
  const float t = clamp01(tone) * 3.999f;
  const auto i = static_cast<int>(t);
  const Vec3 c = lerp(ramp[i], ramp[i + 1], t - static_cast<float>(i));
  return {c.x * (1 + 0.06f * red), c.y * (1 - 0.07f * red), c.z * (1 - 0.05f * red)};
}

Vec3 hair_colour(float tone, float red, float grey) {
  const Vec3 ramp[] = {
      {0.52f, 0.36f, 0.18f}, {0.26f, 0.14f, 0.06f}, {0.10f, 0.048f, 0.022f}, {0.022f, 0.014f, 0.011f}};
  const float t = clamp01(tone) * 2.999f;
  const auto i = static_cast<int>(t);
  Vec3 c = lerp(ramp[i], ramp[i + 1], t - static_cast<float>(i));
  c = {c.x * (1 + 0.6f * red), c.y * (1 - 0.15f * red), c.z * (1 - 0.3f * red)};
  return lerp(c, Vec3{0.55f, 0.54f, 0.53f}, 0.85f * grey);
}

Vec3 iris_colour(float tone) {
  const Vec3 ramp[] = {{0.035f, 0.016f, 0.009f},
                       {0.12f, 0.055f, 0.02f},
                       {0.13f, 0.12f, 0.04f},
                       {0.10f, 0.16f, 0.17f},
                       {0.13f, 0.25f, 0.42f}};
  const float t = clamp01(tone) * 3.999f;
  const auto i = static_cast<int>(t);
  return lerp(ramp[i], ramp[i + 1], t - static_cast<float>(i));
}

}  // namespace

Painter::Painter(const Appearance& face, const Nuisance& nuisance, const Hairline& hairline)
    : f_(face), n_(nuisance), hairline_(hairline) {
  skin_ = skin_colour(f_.skin_tone + n_.tone_drift, f_.skin_red + n_.red_drift);
  const float tone = clamp01(f_.hair_tone + n_.hair_tone_drift);
  hair_ = hair_colour(tone, f_.hair_red, f_.grey);
  brow_ = hair_colour(std::max(0.45f, tone + 0.15f), 0.5f * f_.hair_red, 0.6f * f_.grey);
  brow_ = lerp(brow_, skin_ * 0.3f, 0.25f);
  iris_ = iris_colour(f_.iris_tone);
  sclera_ = lerp(Vec3{0.58f, 0.54f, 0.52f}, skin_, 0.3f);
  const Vec3 natural = skin_ * lerp(Vec3{0.88f, 0.58f, 0.58f}, Vec3{0.72f, 0.40f, 0.40f}, f_.lip_tone);
  const Vec3 painted = skin_ * 0.25f + Vec3{0.42f, 0.03f, 0.05f};
  lip_ = lerp(natural, painted, 0.75f * n_.makeup);
  shadow_x_ = -15 * n_.light.x / std::max(0.35f, n_.light.z);
}

void Painter::skin(Surface& s, Vec3 p) const {
  const float x = std::abs(p.x);
  Vec3 c = skin_;
  const float flush = 0.5f * hill(square((x - 40) / 26) + square((p.y - 38) / 24)) +
                      0.6f * hill(square(p.x / 20) + square((p.y - f_.nose_y) / 18)) +
                      0.3f * hill(square(p.x / 26) + square((p.y - f_.chin_y + 14) / 20));
  c = {c.x * (1 + 0.03f * flush), c.y * (1 - 0.20f * flush), c.z * (1 - 0.20f * flush)};
  const float patch = value_noise(f_.texture_seed, p.x * 0.09f + 40, p.y * 0.09f + 40) - 0.5f;
  c = c * (1 + 0.16f * f_.mottling * patch);
  if (f_.freckles > 0 && p.y > -30 && p.y < 66) {
    const float gx = p.x / 4.6f, gy = p.y / 4.6f;
    const auto i = static_cast<int32_t>(std::floor(gx)), j = static_cast<int32_t>(std::floor(gy));
    const uint32_t h = mix(f_.texture_seed + 2, i, j);
    const float dense = f_.freckles * hill(square((x - 24) / 46) + square((p.y - 22) / 40));
    if (unit(h) < dense) {
      const float dx = gx - static_cast<float>(i) - 0.5f, dy = gy - static_cast<float>(j) - 0.5f;
      c = lerp(c, c * Vec3{0.62f, 0.48f, 0.42f}, 0.9f * hill((dx * dx + dy * dy) * 6));
    }
  }
  for (int i = 0; i < f_.mole_count; ++i) {
    const auto& mole = f_.moles[static_cast<size_t>(i)];
    const float d = (square(p.x - mole.x) + square(p.y - mole.y)) / square(mole.radius + 0.9f);
    if (d < 1) c = lerp(c, Vec3{0.06f, 0.03f, 0.02f}, 0.85f * hill(d));
  }
  s.albedo = c;
  s.gloss = 0.10f + 0.16f * hill(square(p.x / 30) + square((p.y + 50) / 32)) +
            0.20f * hill(square(p.x / 12) + square((p.y - f_.nose_y + 4) / 20)) +
            0.12f * hill(square((x - 42) / 18) + square((p.y - 24) / 16));
}

void Painter::nose(Surface& s, Vec3 p) const {
  const float x = std::abs(p.x), wing = f_.nose_wing, y = p.y - f_.nose_y;
  if (x < wing + 14 && y > -60 && y < 26) {
    s.open *= 1 - 0.35f * hill(square(p.x / (wing + 6)) + square((y - 10) / 8));
    const float nostril = hill(square((x - 0.50f * wing) / (0.30f * wing)) + square((y - 5.5f) / 2.9f));
    s.albedo = lerp(s.albedo, s.albedo * 0.08f, std::min(1.f, 1.5f * nostril));
    s.open *= 1 - 0.6f * nostril;
    // The groove around the wing.
    const float d = std::sqrt(square((x - 0.62f * wing) / (0.50f * wing)) + square((y - 0.5f) / 8.5f));
    const float groove = hill(square((d - 1) / 0.24f)) * smooth(0.45f * wing, 0.8f * wing, x);
    s.albedo = s.albedo * (1 - 0.34f * groove);
    // Sides of the ridge, and what the nose keeps from the light.
    const float flank = hill(square((x - f_.nose_bridge - 4) / 7) + square((y + 22) / 26));
    s.open *= 1 - 0.22f * flank;
    const float cast =
        hill(square((p.x - shadow_x_) / (0.55f * std::abs(shadow_x_) + 7)) + square((y + 6) / 22));
    const float beyond = smooth(2, 10, p.x * (shadow_x_ < 0 ? -1.f : 1.f));
    s.lit *= 1 - 0.75f * cast * beyond * smooth(5, 14, std::abs(shadow_x_));
  }
}

void Painter::wrinkles(Surface& s, Vec3 p) const {
  const float x = std::abs(p.x), w = f_.wrinkles, smiling = std::max(0.f, f_.smile);
  float dark = 0;
  // From the wing of the nose past the corner of the mouth.
  const float fold = clamp01(0.55f * w + 0.55f * smiling);
  if (fold > 0.02f && p.y > f_.nose_y - 6 && p.y < f_.mouth_y + 18) {
    const float t = (p.y - f_.nose_y + 2) / (f_.mouth_y - f_.nose_y + 8);
    const float line = f_.nose_wing + 3 + (f_.mouth_half + 7 - f_.nose_wing) * std::pow(clamp01(t), 0.8f);
    dark += 0.34f * fold * hill(square((x - line) / 3.2f)) * smooth(-0.15f, 0.1f, t) *
            (1 - smooth(0.9f, 1.25f, t));
  }
  if (w > 0.05f) {
    if (p.y < -f_.brow_y - 6 && p.y > -78) {
      const float wave = std::sin(p.y * 0.62f + f_.wrinkle_y + 0.9f * std::sin(p.x * 0.045f + f_.wrinkle_y));
      dark += 0.24f * w * smooth(0.55f, 1, wave) * (1 - smooth(30, 50, x)) * smooth(-80, -66, p.y);
    }
    const float outside = x - f_.eye_x - 0.5f * f_.eye_width;
    if (outside > 0 && outside < 18 && std::abs(p.y) < 16)
      dark += 0.26f * w * smooth(0.3f, 1, std::cos(1.9f * p.y / (2 + 0.12f * outside))) *
              hill(square((outside - 8) / 9));
    dark += 0.14f * w * hill(square((x - f_.mouth_half - 3) / 3) + square((p.y - f_.mouth_y - 12) / 13));
    dark += 0.25f * w * hill(square((x - 6) / 2) + square((p.y + f_.brow_y) / 9));
  }
  s.albedo = s.albedo * (1 - dark);
}

void Painter::beard(Surface& s, Vec3 p, float theta) const {
  if (p.y < -20) return;
  const float x = std::abs(p.x), line = f_.mouth_y - f_.lip_corner * square(x / f_.mouth_half);
  const float lips = square(x / (f_.mouth_half + 3)) + square((p.y - line) / (f_.lip_lower + f_.lip_upper));
  const float edge = 3 * (value_noise(n_.texture_seed, p.x * 0.5f + 70, p.y * 0.3f + 70) - 0.5f);
  // Along the jaw; its upper edge climbs to the sideburn.
  const float upper = lerp(lerp(f_.mouth_y - 4, 34, smooth(24, 60, x)), -4, smooth(45, 0, p.z)) + edge;
  const float jaw = smooth(upper - 6, upper + 14, p.y) * smooth(0.75f, 1.15f, lips) *
                    (1 - smooth(1.5f, 1.8f, std::abs(theta)));
  const float lip = smooth(f_.nose_y + 8, f_.nose_y + 13, p.y + edge) *
                    (1 - smooth(f_.mouth_half + 1, f_.mouth_half + 8, x)) *
                    (1 - smooth(line - f_.lip_upper * 0.9f, line - f_.lip_upper * 0.4f, p.y));
  const float cover = std::max(f_.beard * jaw, f_.moustache * lip);
  const float stubble = 0.28f * f_.stubble * std::max(jaw, lip);
  if (cover + stubble < 0.01f) return;
  const float strand = value_noise(n_.texture_seed + 5, p.x * 1.1f + 70, p.y * 0.35f + 70);
  s.albedo = lerp(s.albedo, s.albedo * Vec3{0.62f, 0.66f, 0.72f}, stubble);
  s.albedo = lerp(s.albedo, lerp(hair_, brow_, 0.5f) * (0.55f + 0.9f * strand),
                  clamp01(0.95f * cover * (0.75f + 0.5f * strand)));
  s.gloss *= 1 - cover;
}

void Painter::hat(Surface& s, Vec3 p, float theta, float amount) const {
  const float rib = 0.85f + 0.15f * std::sin(theta * 46) + 0.06f * std::sin(p.y * 1.6f);
  s.albedo = lerp(s.albedo, n_.cover_colour * rib, amount);
  s.gloss *= 1 - amount;
}

void Painter::hair(Surface& s, Vec3 p, float theta, float amount) const {
  const float curl = f_.hair_texture;
  const float bend = 0.6f * curl * std::sin(0.13f * p.y + 4 * theta);
  const float across = (theta + bend) * lerp(16, 10, curl) + 60;
  const float strand = 0.6f * value_noise(f_.texture_seed + 7, across, p.y * lerp(0.02f, 0.11f, curl) + 60) +
                       0.4f * value_noise(n_.texture_seed + 8, across * 2.7f, p.y * 0.05f + 60);
  const Vec3 c = hair_ * (0.35f + 1.15f * strand);
  const float opaque = f_.style == kShaved ? 0.55f : 1;
  s.albedo = lerp(s.albedo, c, amount * opaque);
  s.gloss = lerp(s.gloss, 0.11f * (0.2f + strand), amount);
  s.hairiness = amount;
}

Surface Painter::head(Vec3 p, float theta) const {
  Surface s;
  // No hair grows between brows and chin; most of a crop lies there.
  const bool bare = p.y > -2 && std::abs(theta) < 0.75f;
  const float hair_y = bare ? -100 : hairline_.y(theta);
  const float ragged =
      bare || hairline_.hat() ? 0.f : 7 * (value_noise(f_.texture_seed + 9, theta * 22 + 60, 7) - 0.5f);
  const float amount = smooth(-2, 4, hair_y + ragged - p.y);
  if (amount < 1) {
    skin(s, p);
    if (f_.stubble > 0) beard(s, p, theta);
    if (p.z > 0) {
      nose(s, p);
      wrinkles(s, p);
      mouth(s, p);
      eyes(s, p);
      brows(s, p);
      if (n_.cover == Cover::kMask) mask(s, p);
    }
    s.open *= 1 - 0.45f * smooth(16, 0, p.y - hair_y) * std::min(1.f, hairline_.thickness() / 8);
    s.open *= 1 - 0.35f * smooth(f_.chin_y - 10, f_.chin_y + 4, p.y) * smooth(40, 0, p.z);
  }
  if (amount > 0) {
    if (hairline_.hat())
      hat(s, p, theta, amount);
    else
      hair(s, p, theta, amount);
  }
  if (n_.eyewear != Eyewear::kNone) eyewear(s, p);
  return s;
}

Surface Painter::shade(Part part, Vec3 base, float theta) const {
  if (part == Part::kHead) return head(base, theta);
  Surface s;
  if (part == Part::kHair) {
    hair(s, base, theta, 1);
    s.open = 0.75f;
  } else if (part == Part::kEar) {
    // base: (along, up, rho) of the ear's disc.
    const float shell = hill(square((base.z - 0.62f) / 0.22f)), hole = hill(square(base.z / 0.5f));
    s.albedo = skin_ * Vec3{1.02f, 0.86f, 0.84f} * (1 - 0.3f * shell - 0.55f * hole);
    s.open = 0.8f - 0.3f * hole;
    s.gloss = 0.08f;
  } else {
    const float collar = 142 + 10 * std::cos(theta) + 12 * n_.cover_x;
    const float cloth = smooth(-2, 2, base.y - collar);
    const float weave = 0.9f + 0.2f * value_noise(n_.texture_seed, theta * 30 + 60, base.y * 0.3f);
    s.albedo = lerp(skin_ * 0.92f, n_.cloth * weave, cloth);
    s.open = 0.48f + 0.44f * smooth(95, 150, base.y);
    s.lit = lerp(0.38f, 1, smooth(100, 150, base.y + 20 * n_.light.y));
    s.gloss = 0.05f;
  }
  return s;
}

}  // namespace fr::synth
