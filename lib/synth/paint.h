// Paint: the colour of skin, eyes, brows, lips, hair and clothes at a place of the undisplaced skull.
#pragma once
#include "synth/head.h"

namespace fr::synth {

struct Surface {
  Vec3 albedo;          // linear light
  float open = 1;       // 1 - occlusion of ambient light
  float lit = 1;        // 1 - painted shadow of the key light
  float gloss = 0;      // strength of the highlight
  float hairiness = 0;  // 1: highlight along strands
};

class Painter {
 public:
  Painter(const Appearance& face, const Nuisance& nuisance, const Hairline& hairline);
  Vec3 skin_tone() const { return skin_; }
  // `base`: place on the undisplaced part; `theta`: its azimuth.
  Surface shade(Part part, Vec3 base, float theta) const;

 private:
  struct Eye;
  Surface head(Vec3 base, float theta) const;
  void skin(Surface& s, Vec3 p) const;
  void nose(Surface& s, Vec3 p) const;
  void brows(Surface& s, Vec3 p) const;
  void eyes(Surface& s, Vec3 p) const;
  void mouth(Surface& s, Vec3 p) const;
  void wrinkles(Surface& s, Vec3 p) const;
  void beard(Surface& s, Vec3 p, float theta) const;
  void eyewear(Surface& s, Vec3 p) const;
  void mask(Surface& s, Vec3 p) const;
  void hat(Surface& s, Vec3 p, float theta, float amount) const;
  void hair(Surface& s, Vec3 p, float theta, float amount) const;

  Appearance f_;
  Nuisance n_;
  const Hairline& hairline_;
  Vec3 skin_, lip_, iris_, hair_, brow_, sclera_;
  float shadow_x_;  // side of the nose away from the light, mm
};

}  // namespace fr::synth
