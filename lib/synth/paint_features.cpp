// Eyes, brows, mouth, and what is worn over them.
#include "synth/paint.h"

namespace fr::synth {

namespace {

constexpr float kSoft = 0.55f;  // half width of a painted edge, mm: about half a pixel of a crop

float inside(float signed_distance) { return smooth(-kSoft, kSoft, signed_distance); }

}  // namespace

void Painter::eyes(Surface& s, Vec3 p) const {
  const float side = p.x < 0 ? -1.f : 1.f, x = std::abs(p.x), half = 0.5f * f_.eye_width;
  const float u = (x - f_.eye_x) / half;
  if (u < -2.2f || u > 2 || p.y < -26 || p.y > 24) return;
  const float y = p.y + side * 0.5f * f_.asymmetry_y + f_.eye_tilt * u;
  const float bow = std::pow(std::max(0.f, 1 - u * u), 0.62f) * (1 + f_.eye_skew * u);
  const float open = std::max(0.06f, f_.eye_open);
  const float upper = -0.60f * f_.eye_height * open * bow,
              lower = 0.40f * f_.eye_height * (0.35f + 0.65f * open) * bow;

  // Socket, crease, bag.
  s.open *= 1 - 0.30f * hill(square((u + 0.9f) / 0.9f) + square((p.y + 2) / 13));
  s.open *= 1 - 0.018f * f_.eye_depth * hill(square(u / 1.5f) + square((p.y + 7) / 12));
  const float lid_line = -0.60f * f_.eye_height * bow - f_.lid_crease * (1 - 0.45f * u * u);
  if (std::abs(u) < 1.1f) {
    s.albedo = s.albedo * (1 - 0.42f * hill(square((y - lid_line) / 1.5f)) * smooth(1.1f, 0.7f, std::abs(u)));
    const float shadowed = smooth(lid_line - 1, lid_line + 1, y) * smooth(upper + 1, upper - 1, y);
    const Vec3 shadow = lerp(s.albedo * 0.86f, s.albedo * Vec3{0.55f, 0.42f, 0.5f}, 0.8f * n_.makeup);
    s.albedo = lerp(s.albedo, shadow, shadowed);
  }
  const float bag = hill(square((u + 0.1f) / 1.05f) + square((y - 0.5f * f_.eye_height - 3.5f) / 3.2f));
  s.albedo = s.albedo * (1 - 0.13f * f_.eye_bag * bag);
  s.albedo =
      s.albedo * (1 - 0.16f * f_.eye_bag *
                          hill(square((u + 0.15f) / 1.0f) + square((y - 0.5f * f_.eye_height - 7) / 1.6f)));

  if (std::abs(u) >= 1.08f) return;
  const float white = std::abs(u) < 1 ? inside(y - upper) * inside(lower - y) : 0;
  if (white > 0) {
    Vec3 c = sclera_ * (1 - 0.35f * hill(square((y - upper) / 4.2f)) - 0.22f * u * u);
    c = lerp(c, Vec3{0.5f, 0.2f, 0.18f}, 0.6f * hill(square((u + 1) / 0.22f)));
    const float ix = side * (p.x - side * f_.eye_x) - side * f_.gaze_x * 1.f, iy = y + 0.4f - f_.gaze_y;
    const float r = std::sqrt(ix * ix + iy * iy);
    const float iris = inside(f_.iris_radius - r);
    const float limbus = smooth(0.62f * f_.iris_radius, f_.iris_radius, r);
    c = lerp(c, iris_ * (1.15f - 0.75f * limbus) * (1 - 0.4f * hill(square((y - upper) / 3.5f))), iris);
    c = lerp(c, Vec3{0.004f, 0.004f, 0.004f}, inside(0.42f * f_.iris_radius - r));
    const float gx = p.x - side * f_.eye_x - 2.4f * n_.light.x - f_.gaze_x, gy = iy + 2.0f;
    c = lerp(c, Vec3{1, 1, 1}, 0.85f * n_.key * hill((gx * gx + gy * gy) / 2.6f));
    s.albedo = lerp(s.albedo, c, white);
    s.gloss *= 1 - white;
  }
  const float lashes =
      (1.1f + 0.9f * n_.makeup + 0.3f * (1 - f_.masculinity)) * (0.7f + 0.3f * smooth(-1, 1, u));
  const float upper_lash =
      hill(square((y - upper + 0.3f) / (lashes + 0.5f))) * smooth(1.08f, 0.95f, std::abs(u));
  const float lower_lash = 0.35f * hill(square((y - lower) / 1.0f)) * smooth(1.05f, 0.9f, std::abs(u));
  s.albedo =
      lerp(s.albedo, lerp(brow_ * 0.25f, s.albedo * 0.2f, 0.5f), std::max(0.92f * upper_lash, lower_lash));
}

void Painter::brows(Surface& s, Vec3 p) const {
  const float side = p.x < 0 ? -1.f : 1.f, x = std::abs(p.x);
  const float t = (x - f_.brow_inner) / f_.brow_length;
  if (t < -0.06f || t > 1.06f || p.y > 0) return;
  const float peak = f_.brow_lift;
  const float arch =
      t < peak ? 1 - square((t - peak) / (peak + 0.15f)) : 1 - square((t - peak) / (1.15f - peak));
  const float y = -f_.brow_y - f_.brow_arch * arch + f_.brow_slope * (0.4f - t) + side * f_.asymmetry_y;
  const float half =
      0.5f * f_.brow_thickness * (1 - 0.62f * smooth(0.45f, 1.05f, t)) * smooth(-0.1f, 0.16f, t);
  const float d = half + 0.35f - std::abs(p.y - y);
  const float cover = smooth(-0.9f, 0.7f, d) * smooth(-0.06f, 0.02f, t) * smooth(1.06f, 0.92f, t);
  if (cover <= 0) return;
  const float hairs =
      value_noise(f_.texture_seed + 11, p.x * 0.9f + 70, (p.y - side * p.x * 0.3f) * 0.9f + 70);
  s.albedo = lerp(s.albedo, brow_ * (0.6f + 0.6f * hairs), cover * f_.brow_density * (0.72f + 0.35f * hairs));
  s.gloss *= 1 - 0.8f * cover;
}

void Painter::mouth(Surface& s, Vec3 p) const {
  const float x = std::abs(p.x), m = x / f_.mouth_half;
  if (m > 1.35f || p.y < f_.mouth_y - 24 || p.y > f_.mouth_y + 42) return;
  const float line = f_.mouth_y - f_.lip_corner * m * m + 0.03f * f_.asymmetry_x * p.x;
  const float round = std::max(0.f, 1 - m * m), full = std::pow(round, 0.7f);
  const float gap = (1.5f * std::max(0.f, f_.smile) + 9 * f_.mouth_open) * full;
  const float gap_top = line - 0.3f * gap, gap_bottom = line + 0.7f * gap;
  const float bow = 1 - f_.lip_bow * hill(square(p.x / (0.30f * f_.mouth_half)));
  const float cushion = 1 + 0.25f * hill(square((m - 0.3f) / 0.35f));
  const float top = gap_top - f_.lip_upper * std::pow(round, 0.85f) * bow * cushion * 0.92f;
  const float bottom = gap_bottom + f_.lip_lower * std::pow(round, 0.6f) * (1 - 0.15f * m);

  const float lips = m < 1 ? inside(p.y - top) * inside(bottom - p.y) : 0;
  if (lips > 0) {
    const bool upper = p.y < line;
    const float crack = value_noise(f_.texture_seed + 13, p.x * 0.8f + 70, p.y * 0.2f + 70);
    Vec3 c = lip_ * ((upper ? 0.82f : 1.0f) * (0.92f + 0.16f * crack));
    const float mid =
        hill(square(m / 0.75f) + square((p.y - 0.5f * (gap_bottom + bottom)) / (0.35f * f_.lip_lower)));
    c = c * (1 + 0.22f * mid);
    s.albedo = lerp(s.albedo, c, lips * (0.75f + 0.25f * n_.makeup + 0.15f * f_.lip_tone));
    s.gloss = lerp(s.gloss, 0.22f + 0.25f * n_.makeup, lips);
    const float within = inside(p.y - gap_top) * inside(gap_bottom - p.y);
    if (gap > 0.8f && within > 0) {
      const float teeth_low = gap_top + std::min(0.75f * gap, 6.5f);
      const float teeth = smooth(teeth_low + 1, teeth_low - 0.5f, p.y) * smooth(0.86f, 0.7f, m) *
                          smooth(1.0f, 2.5f, gap) * (0.35f + 0.65f * clamp01(f_.smile + 0.25f));
      const float between = 0.88f + 0.12f * std::abs(std::cos(p.x * 0.42f));
      const Vec3 dark = lerp(Vec3{0.05f, 0.012f, 0.012f}, Vec3{0.26f, 0.07f, 0.07f},
                             smooth(0.4f, 0.9f, (p.y - gap_top) / gap));
      s.albedo = lerp(s.albedo, lerp(dark, Vec3{0.66f, 0.62f, 0.55f} * between, teeth), within);
      s.gloss *= 1 - 0.7f * within;
    }
  }
  const float seam = hill(square((p.y - gap_top - 0.2f) / 1.4f)) * smooth(1.08f, 0.95f, m);
  s.albedo = lerp(s.albedo, s.albedo * Vec3{0.22f, 0.16f, 0.16f}, 0.85f * seam * smooth(3, 0.5f, gap));
  const float corner = hill(square((m - 1.02f) / 0.12f) + square((p.y - line) / 3));
  s.albedo = s.albedo * (1 - 0.4f * corner);
  s.open *= 1 - 0.3f * hill(square(p.x / 20) + square((p.y - bottom - 5) / 5));
  // The two ridges of the philtrum.
  const float groove = hill(square(p.x / 3) + square((p.y - 0.5f * (f_.nose_y + 8 + top)) / 8));
  s.albedo = s.albedo * (1 - 0.14f * f_.philtrum * groove);
}

void Painter::eyewear(Surface& s, Vec3 p) const {
  const float x = std::abs(p.x), size = n_.eyewear_size;
  const bool dark = n_.eyewear == Eyewear::kSunglasses;
  const Vec3 frame = lerp(Vec3{0.01f, 0.01f, 0.012f}, Vec3{0.25f, 0.12f, 0.05f}, square(n_.eyewear_tone));
  const float power = lerp(2, 4, n_.eyewear_round);
  const float u = std::abs(x - f_.eye_x - 1) / (24 * size),
              v = std::abs(p.y - 3) / ((dark ? 19.f : 16.f) * size);
  const float d = p.z > 0 ? std::pow(std::pow(u, power) + std::pow(v, power), 1 / power) : 9;
  const float rim = hill(square((d - 1) / (dark ? 0.13f : 0.10f + 0.06f * n_.eyewear_tone)));
  const float bridge = x < f_.eye_x - 22 * size ? hill(square((p.y + 2) / 2.2f)) * smooth(-10, 10, p.z) : 0;
  const float temple =
      x > f_.eye_x + 22 * size && p.z > -12 ? hill(square((p.y + 1 + 0.04f * (40 - p.z)) / 2.6f)) : 0;
  if (dark && d < 1) {
    const float shine = 0.10f * smooth(0.2f, 0.9f, 0.5f + 0.02f * (p.x * n_.light.x * 2 - p.y));
    s.albedo =
        lerp(s.albedo, Vec3{0.015f + shine, 0.015f + shine, 0.02f + shine}, 0.96f * smooth(1, 0.94f, d));
    s.gloss = 0.3f;
  } else if (d < 1 && n_.eyewear_tone > 0.6f) {
    s.albedo = lerp(s.albedo, Vec3{0.8f, 0.85f, 0.9f},
                    0.35f * hill(square((u - 0.3f) / 0.4f) + square((v - 0.4f) / 0.3f)));
  }
  const float metal = std::max({rim, bridge, temple});
  if (metal > 0) {
    s.albedo = lerp(s.albedo, frame, std::min(1.f, 1.3f * metal));
    s.gloss = lerp(s.gloss, 0.4f, metal);
  }
  s.lit *= 1 - 0.25f * hill(square((d - 1.12f) / 0.12f));
}

void Painter::mask(Surface& s, Vec3 p) const {
  const float x = std::abs(p.x);
  const float top = f_.nose_y - 14 + 0.12f * x, bottom = f_.chin_y - 4;
  const float cloth = smooth(-1, 1, p.y - top) * smooth(1, -1, p.y - bottom) * smooth(66, 60, x);
  const float strap = hill(square((p.y - top - 4 + 0.2f * (x - 60)) / 2)) * smooth(58, 62, x);
  const float pleat = 0.9f + 0.1f * std::sin(p.y * 0.45f);
  s.albedo =
      lerp(s.albedo, (n_.cover_colour * 0.5f + Vec3{0.22f, 0.26f, 0.30f}) * pleat, std::max(cloth, strap));
  s.gloss *= 1 - cloth;
  s.open = lerp(s.open, 1, cloth);
}

}  // namespace fr::synth
