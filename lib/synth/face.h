// A face in numbers: what a person keeps (Identity) and what one photograph adds (Nuisance).
// Head coordinates in millimetres: origin between the eyes on the vertical axis through the ears, x to the
// image's right, y down, z out of the face.
#pragma once
#include <array>
#include <cstdint>

#include "core/random.h"
#include "synth/vec.h"

namespace fr::synth {

struct Identity {
  // Head: half width, crown and chin on the y axis, widths relative to half_width.
  float half_width, crown_y, chin_y, front_depth, back_depth, flatness;
  float temple, cheekbone, jaw, chin_width, chin_forward, forehead_back, brow_ridge, cheek_out, cheek_full;
  // Eyes: half the distance of the centres, opening width and height, rise of the outer corner.
  float eye_x, eye_width, eye_height, eye_tilt, eye_skew, eye_depth, lid_crease, eye_bag, iris_radius,
      iris_tone;
  // Brows: height above the eye, inner end, length, thickness.
  float brow_y, brow_inner, brow_length, brow_thickness, brow_arch, brow_slope, brow_density, brow_lift;
  // Nose: tip height in y and z, half width at the wings, half width of the bridge.
  float nose_y, nose_out, nose_wing, nose_bridge, nose_bridge_out, nose_hump, nose_round, nose_up;
  // Mouth.
  float mouth_y, mouth_half, lip_upper, lip_lower, lip_bow, lip_corner, lip_tone, philtrum;
  // Ears.
  float ear_half, ear_out, ear_y;
  // Skin: 0 fair … 1 dark; how red; texture at fixed places.
  float skin_tone, skin_red, freckles, mottling;
  struct Mole {
    float x, y, radius;
  };
  std::array<Mole, 4> moles;
  int mole_count;
  // Hair and its habits: tone 0 blond … 1 black, red share, where it begins on the forehead.
  float hair_tone, hair_red, hairline_y, widow_peak, recession, hair_volume, hair_texture, grey_age;
  int hair_style;  // the habitual one of kHairStyles
  float masculinity, beard_tendency, wrinkle_tendency;
  float wrinkle_y;  // phase of the forehead lines
  float asymmetry_x, asymmetry_y;
  uint32_t texture_seed;
};

enum HairStyle { kShaved, kShort, kSideParting, kFringe, kLong, kLongFringe, kTiedBack, kHairStyles };
enum class Eyewear { kNone, kGlasses, kSunglasses };
enum class Cover { kNone, kMask, kHand, kBar, kHat };

struct Nuisance {
  float yaw = 0, pitch = 0, roll = 0;  // radians; yaw > 0 turns the face to the image's right
  float distance = 1500;               // of the camera, mm
  float age = 35;                      // years
  float weight = 0;                    // -1 … 1: face thinner or fuller
  float smile = 0, mouth_open = 0, brow_raise = 0, eye_open = 1, gaze_x = 0, gaze_y = 0;
  int hair_style = kShort;
  float hair_length = 0, parting = 0, hair_tone_drift = 0;
  float beard = 0, moustache = 0, makeup = 0;
  Eyewear eyewear = Eyewear::kNone;
  float eyewear_size = 1, eyewear_tone = 0, eyewear_round = 0;
  Cover cover = Cover::kNone;
  float cover_x = 0, cover_y = 0, cover_angle = 0, cover_size = 0;
  Vec3 cover_colour{};
  Vec3 light{0, -0.3f, 1};  // towards the key light, camera axes, unit
  float key = 1, ambient = 0.4f, shadow_edge = 2, shadow_angle = 0, shadow_depth = 0, shine = 0.5f;
  Vec3 key_colour{1, 1, 1}, ambient_colour{1, 1, 1};
  float tone_drift = 0, red_drift = 0;  // of the skin
  Vec3 white_balance{1, 1, 1};
  float exposure = 1, contrast = 1, saturation = 1;
  Vec3 background_a{}, background_b{}, cloth{};
  int background_kind = 0;
  float blur = 0.4f, low_resolution = 0, noise = 0.01f;   // blur: deviation in crop pixels
  float shift_x = 0, shift_y = 0, scale = 1, rotate = 0;  // misalignment of the crop, pixels and radians
  uint32_t texture_seed = 1;
};

// How far the photographs of a set may stray.
struct NuisanceRanges {
  float yaw_low = 0, yaw_high = 90,
        yaw_power = 2.2f;  // degrees: |yaw| = low + (high - low) u^power, random sign
  float pitch = 12;        // degrees, about one deviation is half of it
  float age_low = 18, age_high = 75;
  float expression = 1, light = 1, occlusion = 1, sensor = 1, styling = 1;  // multiples of the usual strength
};

Identity make_identity(uint64_t seed, int64_t identity);
// Every choice is drawn from `stream` in a fixed order, whatever the ranges.
Nuisance make_nuisance(const Identity& identity, const NuisanceRanges& ranges, RandomStream stream);

// The identity as it looks at this age, weight and expression; geometry and paint use only this.
struct Appearance : Identity {
  float smile, mouth_open, eye_open, gaze_x, gaze_y;
  float wrinkles, sag, jaw_drop;  // 0 … 1, 0 … 1, mm
  float grey;                     // share of grey hair
  float beard, moustache, stubble;
  int style;
};
Appearance resolve(const Identity& identity, const Nuisance& nuisance);

}  // namespace fr::synth
