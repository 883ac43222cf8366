// Identity: about seventy independent numbers, uniform over ranges of human faces so that people differ
// clearly.
#include "synth/face.h"

namespace fr::synth {

Identity make_identity(uint64_t seed, int64_t identity) {
  RandomStream r(seed, "synth identity", static_cast<uint64_t>(identity));
  Identity f{};
  const float m = r.next_uniform();  // 0 feminine … 1 masculine: shifts a few means, decides nothing
  f.masculinity = m;
  f.half_width = r.next_uniform(68, 77) + 3 * m;
  f.crown_y = r.next_uniform(-120, -106);
  f.chin_y = r.next_uniform(102, 115) + 6 * m;
  f.front_depth = r.next_uniform(86, 97);
  f.back_depth = r.next_uniform(88, 104);
  f.flatness = r.next_uniform(0.72f, 0.95f);
  f.temple = r.next_uniform(0.90f, 1.0f);
  f.cheekbone = r.next_uniform(0.88f, 1.02f);
  f.jaw = r.next_uniform(0.78f, 0.95f) + 0.06f * m;
  f.chin_width = r.next_uniform(0.52f, 0.76f) + 0.06f * m;
  f.chin_forward = r.next_uniform(0, 9) + 2 * m;
  f.forehead_back = r.next_uniform(0, 9);
  f.brow_ridge = r.next_uniform(0, 3) + 4 * m;
  f.cheek_out = r.next_uniform(0, 8);
  f.cheek_full = r.next_uniform(-5, 6);

  f.eye_x = r.next_uniform(27.5f, 35.5f);
  f.eye_width = r.next_uniform(22, 31);
  f.eye_height = r.next_uniform(8, 14.5f) - m;
  f.eye_tilt = r.next_uniform(-2.2f, 4);
  f.eye_skew = r.next_uniform(-0.35f, 0.35f);
  f.eye_depth = r.next_uniform(3, 9);
  f.lid_crease = r.next_uniform(1.2f, 6.5f);
  f.eye_bag = r.next_uniform();
  f.iris_radius = r.next_uniform(5.4f, 6.6f);
  f.iris_tone = r.next_uniform();

  f.brow_y = r.next_uniform(15, 25) - 2 * m;
  f.brow_inner = r.next_uniform(6, 16);
  f.brow_length = r.next_uniform(30, 45);
  f.brow_thickness = r.next_uniform(2.2f, 6.5f) + 2 * m;
  f.brow_arch = r.next_uniform(-1, 7);
  f.brow_slope = r.next_uniform(-4, 5);
  f.brow_density = r.next_uniform(0.5f, 1);
  f.brow_lift = r.next_uniform(0.2f, 0.8f);

  f.nose_y = r.next_uniform(33, 47);
  f.nose_out = r.next_uniform(17, 29) + 2 * m;
  f.nose_wing = r.next_uniform(13, 22) + m;
  f.nose_bridge = r.next_uniform(6, 11.5f);
  f.nose_bridge_out = r.next_uniform(3, 12);
  f.nose_hump = r.next_uniform(-3, 4);
  f.nose_round = r.next_uniform(0.6f, 1.35f);
  f.nose_up = r.next_uniform(-3, 4);

  f.mouth_y = std::max(r.next_uniform(62, 78), f.nose_y + 22);
  f.mouth_half = r.next_uniform(19, 31);
  f.lip_upper = r.next_uniform(3, 10.5f) - m;
  f.lip_lower = r.next_uniform(5, 13) - m;
  f.lip_bow = r.next_uniform(0, 0.55f);
  f.lip_corner = r.next_uniform(-2.5f, 2.5f);
  f.lip_tone = r.next_uniform();
  f.philtrum = r.next_uniform(0, 1);

  f.ear_half = r.next_uniform(24, 31);
  f.ear_out = r.next_uniform(4, 17);
  f.ear_y = r.next_uniform(8, 17);

  f.skin_tone = std::pow(r.next_uniform(), 1.35f);
  f.skin_red = r.next_uniform();
  f.freckles = std::max(0.f, r.next_uniform(-1.2f, 1));
  f.mottling = r.next_uniform();
  f.mole_count = static_cast<int>(r.next_below(4));
  for (auto& mole : f.moles)
    mole = {r.next_uniform(-48, 48), r.next_uniform(-45, 88), r.next_uniform(1.2f, 2.6f)};

  // Dark skin comes with dark hair and eyes more often than not.
  f.hair_tone = clamp01(r.next_uniform(-0.1f, 1.1f) + 1.6f * std::max(0.f, f.skin_tone - 0.35f));
  f.hair_red = square(r.next_uniform()) * (1 - smooth(0.25f, 0.55f, f.skin_tone));
  f.iris_tone = clamp01(f.iris_tone * (1 - 0.8f * smooth(0.35f, 0.7f, f.skin_tone)));
  f.hairline_y = r.next_uniform(-82, -60);
  f.widow_peak = r.next_uniform(-4, 9);
  f.recession = r.next_uniform() * m;
  f.hair_volume = r.next_uniform(4, 20);
  f.hair_texture = r.next_uniform();
  f.grey_age = r.next_uniform(40, 72);
  const HairStyle masculine[] = {kShaved, kShort, kShort, kSideParting, kFringe};
  const HairStyle feminine[] = {kLong, kLong, kLongFringe, kTiedBack, kFringe};
  f.hair_style = (m > 0.5f ? masculine : feminine)[r.next_below(5)];
  f.beard_tendency = m > 0.5f ? r.next_uniform() : 0;
  f.wrinkle_tendency = r.next_uniform(0.5f, 1.2f);
  f.wrinkle_y = r.next_uniform(0, 6.28f);
  f.asymmetry_x = r.next_uniform(-1.5f, 1.5f);
  f.asymmetry_y = r.next_uniform(-1.5f, 1.5f);
  f.texture_seed = r.next_bits();
  return f;
}

Appearance resolve(const Identity& identity, const Nuisance& nuisance) {
  Appearance f{};
  static_cast<Identity&>(f) = identity;
  const float old = smooth(35, 80, nuisance.age), young = 1 - smooth(14, 26, nuisance.age);
  f.smile = nuisance.smile;
  f.mouth_open = nuisance.mouth_open;
  f.eye_open = nuisance.eye_open - 0.12f * old;
  f.gaze_x = nuisance.gaze_x;
  f.gaze_y = nuisance.gaze_y;
  f.wrinkles = clamp01(old * f.wrinkle_tendency);
  f.sag = old;
  f.jaw_drop = 11 * nuisance.mouth_open;
  f.grey = smooth(f.grey_age - 12, f.grey_age + 18, nuisance.age);
  f.style = nuisance.hair_style;
  f.beard = nuisance.beard;
  f.moustache = nuisance.moustache;
  f.stubble = f.beard_tendency * smooth(15, 24, nuisance.age);

  f.jaw += 0.05f * nuisance.weight + 0.05f * old + 0.02f * young;
  f.chin_width += 0.04f * nuisance.weight;
  f.cheek_full += 4 * nuisance.weight - 3 * old + 3 * young + 3 * std::max(0.f, nuisance.smile);
  f.chin_y -= 4 * young;
  f.nose_y += 1.5f * old - young;
  f.nose_wing += 1.2f * old + 1.5f * std::max(0.f, nuisance.smile);
  f.ear_half += 3 * old;
  f.lip_upper *= 1 - 0.3f * old - 0.2f * std::max(0.f, nuisance.smile);
  f.lip_lower *= 1 - 0.2f * old;
  f.lip_corner += 4.5f * nuisance.smile - 1.5f * old;
  f.mouth_half *= 1 + 0.14f * nuisance.smile - 0.08f * nuisance.mouth_open;
  f.eye_height *= 1 - 0.15f * std::max(0.f, nuisance.smile);
  f.eye_bag += 0.8f * old;
  f.brow_y += 4 * nuisance.brow_raise - 1.2f * old;
  f.brow_slope += 1.5f * nuisance.brow_raise;
  f.brow_thickness *= 1 - 0.2f * old;
  f.hairline_y -= f.recession * (8 * old + 5);
  f.recession *= smooth(22, 65, nuisance.age);
  f.lid_crease -= 1.2f * old;
  return f;
}

}  // namespace fr::synth
