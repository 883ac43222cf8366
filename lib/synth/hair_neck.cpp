// What surrounds the face: hairline, hanging hair, ears, neck and shoulders.
#include <numbers>

#include "synth/head.h"

namespace fr::synth {

namespace {

constexpr float kPi = std::numbers::pi_v<float>;
constexpr float kAzimuth[] = {0, 0.42f, 0.80f, 1.12f, 1.40f, 1.72f, 2.40f, 3.15f};  // of Hairline's knots

}  // namespace

Hairline::Hairline(const Appearance& f, const Nuisance& n)
    : widow_peak_(f.widow_peak),
      recession_(f.recession),
      sweep_(0),
      hat_(n.cover == Cover::kHat),
      curtain_(false) {
  const float top = f.hairline_y;
  const float knots[] = {top, top, top + 10, -32, 16 - 18 * f.hair_texture, -14, 46, 60};
  std::copy(std::begin(knots), std::end(knots), knots_);
  thickness_ = 0.7f * f.hair_volume;
  switch (f.style) {
    case kShaved:
      thickness_ = 0.8f;
      break;
    case kSideParting:
      thickness_ = f.hair_volume;
      sweep_ = n.parting < 0 ? -9.f : 9.f;
      break;
    case kFringe:
    case kLongFringe:
      for (int i = 0; i < 3; ++i) knots_[i] = lerp(-44, -29, n.hair_length) - 3 * static_cast<float>(i);
      widow_peak_ = recession_ = 0;
      sweep_ = 7 * n.parting;
      break;
    case kLong:
      sweep_ = 6 * n.parting;
      break;
    case kTiedBack:
      thickness_ = 2.5f;
      knots_[4] = -2;
      break;
    default:
      break;
  }
  curtain_ = f.style == kLong || f.style == kLongFringe;
  if (curtain_) knots_[4] = 30, knots_[5] = 50, knots_[6] = 70, knots_[7] = 80;
  if (hat_) {
    const float rim = lerp(-66, -40, n.cover_size);
    const float knit[] = {rim, rim, rim + 2, rim + 5, rim + 9, rim + 14, rim + 24, rim + 30};
    std::copy(std::begin(knit), std::end(knit), knots_);
    widow_peak_ = recession_ = sweep_ = 0;
    thickness_ = 9;
  }
}

float Hairline::y(float theta) const {
  const float a = std::abs(theta);
  int i = 1;
  while (i < 7 && a > kAzimuth[i]) ++i;
  const float base = lerp(knots_[i - 1], knots_[i], smooth(kAzimuth[i - 1], kAzimuth[i], a));
  return base + widow_peak_ * hill(square(a / 0.22f)) - 22 * recession_ * hill(square((a - 0.48f) / 0.34f)) +
         sweep_ * std::clamp(theta / 0.7f, -1.f, 1.f) * (1 - smooth(0.7f, 1.2f, a));
}

void HeadShape::add_ears(Mesh& mesh) const {
  const Appearance& f = face_;
  const Ring at = ring(f.ear_y);
  constexpr int rows = 6, columns = 15;
  for (const float side : {-1.f, 1.f}) {
    for (int r = 0; r < rows; ++r)
      for (int c = 0; c < columns; ++c) {
        const float rho = static_cast<float>(r) / (rows - 1);
        // Wound so that normals of both ears point outwards.
        const float phi = -side * 2 * kPi * static_cast<float>(c) / (columns - 1);
        const float along = rho * std::cos(phi), up = rho * std::sin(phi);
        const float lobe = up > 0 ? 0.8f : 1.f;  // narrower below
        const float backwards = 0.56f * f.ear_half * lobe * along;
        const float rim = 2.5f * hill(square((rho - 0.85f) / 0.3f)) - 3 * hill(square(rho / 0.6f));
        const Vec3 p{side * (0.985f * at.half_width + f.ear_out * smooth(-1, 1.2f, along) + rim),
                     f.ear_y + f.ear_half * up - 0.12f * backwards, -6 - backwards - 2};
        mesh.vertices.push_back({p, {}, {along, up, rho}, side * kPi / 2});
      }
    finish_grid(mesh, rows, columns, Part::kEar);
  }
}

void HeadShape::add_neck(Mesh& mesh) const {
  constexpr int rows = 16, columns = 25;
  const float neck = 42 + 8 * face_.masculinity + 4 * nuisance_.weight, turn = -0.6f * nuisance_.yaw;
  for (int r = 0; r < rows; ++r) {
    const float y = 40 + 220 * static_cast<float>(r) / (rows - 1), shoulders = smooth(135, 215, y);
    const float half = neck * (1 + 0.12f * smooth(110, 60, y)) + 150 * shoulders,
                depth = 0.9f * neck + 35 * shoulders;
    for (int c = 0; c < columns; ++c) {
      const float theta = kPi * (2 * static_cast<float>(c) / (columns - 1) - 1);
      const float x = half * std::sin(theta), z = depth * std::cos(theta);
      const Vec3 p{x * std::cos(turn) + z * std::sin(turn), y, -x * std::sin(turn) + z * std::cos(turn) - 14};
      mesh.vertices.push_back({p, {}, {x, y, z}, theta});
    }
  }
  finish_grid(mesh, rows, columns, Part::kNeck);
}

void HeadShape::add_curtain(Mesh& mesh) const {
  constexpr int rows = 20, columns = 25;
  const Appearance& f = face_;
  const float end = lerp(70, 200, nuisance_.hair_length);
  const float wave = 5 * std::max(0.f, f.hair_texture - 0.35f), phase = 6 * nuisance_.parting;
  for (int r = 0; r < rows; ++r) {
    const float y = lerp(-84, end, static_cast<float>(r) / (rows - 1));
    const Ring at = ring(std::min(y, 15.f));
    const float out = 0.7f * f.hair_volume + 10 * smooth(-70, 20, y) + wave * std::sin(0.11f * y + phase);
    const float open =
        1.12f + 0.08f * std::sin(0.05f * y + phase) - 0.12f * smooth(40, 120, y) * f.hair_texture;
    for (int c = 0; c < columns; ++c) {
      const float t = 2 * static_cast<float>(c) / (columns - 1) - 1;  // -1 … 1: right front, back, left front
      const float theta = kPi + t * (kPi - open);
      const float sine = std::sin(theta), cosine = std::cos(theta);
      const Vec3 p{(at.half_width + out) * sine, y,
                   cosine > 0 ? (at.front - 4) * cosine : (at.back + out) * cosine};
      mesh.vertices.push_back({p, {}, {p.x, y, p.z}, theta});
    }
  }
  finish_grid(mesh, rows, columns, Part::kHair);
}

}  // namespace fr::synth
