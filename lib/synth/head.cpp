// The skull, its features, and the landmarks on it.
#include "synth/head.h"

#include <numbers>

namespace fr::synth {

namespace {

constexpr float kPi = std::numbers::pi_v<float>;

struct Knot {
  float at, value;
};
// Smooth through the knots, constant outside.
template <size_t n>
float curve(const Knot (&knots)[n], float at) {
  for (size_t i = 1; i < n; ++i)
    if (at < knots[i].at)
      return lerp(knots[i - 1].value, knots[i].value, smooth(knots[i - 1].at, knots[i].at, at));
  return knots[n - 1].value;
}

constexpr int kColumns = 53;
constexpr int kTopRows = 10, kFaceRows = 42, kChinRows = 9, kRows = kTopRows + kFaceRows + kChinRows + 1;

// Heights of the grid's rings: dense where the features are.
float row_height(const Appearance& f, int row) {
  const float top = -48, bottom = 88;
  if (row < kTopRows) {
    const float t = static_cast<float>(row) / kTopRows;
    return lerp(f.crown_y, top, t * t * (1.6f - 0.6f * t));
  }
  if (row < kTopRows + kFaceRows) return lerp(top, bottom, static_cast<float>(row - kTopRows) / kFaceRows);
  const float t = 1 - static_cast<float>(row - kTopRows - kFaceRows) / kChinRows;
  return lerp(f.chin_y, bottom, t * t * (1.6f - 0.6f * t));
}

}  // namespace

HeadShape::HeadShape(const Appearance& face, const Nuisance& nuisance)
    : face_(face), nuisance_(nuisance), hairline_(face, nuisance) {}

HeadShape::Ring HeadShape::ring(float y) const {
  const Appearance& f = face_;
  const float centre = 0.5f * (f.crown_y + f.chin_y), half = 0.5f * (f.chin_y - f.crown_y);
  const float s = std::clamp((y - centre) / half, -1.f, 1.f), closing = std::max(0.f, 1 - s * s);
  const float side = std::pow(closing, s < 0 ? 0.33f : 0.27f);
  const float front = std::pow(closing, s < 0 ? 0.36f : 0.15f);
  const Knot width[] = {{-60, 1}, {-22, f.temple}, {24, f.cheekbone}, {64, f.jaw}, {102, f.chin_width}};
  const Knot depth[] = {{-75, 0.99f - 0.008f * f.forehead_back},
                        {-22, 0.985f},
                        {2, 0.93f},
                        {32, 0.955f},
                        {72, 0.955f},
                        {104, 0.93f}};
  const Knot behind[] = {{0, 1}, {60, 0.66f}, {112, 0.4f}};
  return {y, f.half_width * side * curve(width, y), f.front_depth * front * curve(depth, y),
          f.back_depth * std::pow(closing, 0.4f) * curve(behind, y)};
}

Vec3 HeadShape::on_ring(const Ring& ring, float sine, float cosine, float cosine_power) const {
  return {ring.half_width * sine, ring.y, cosine > 0 ? ring.front * cosine_power : ring.back * cosine};
}

Vec3 HeadShape::displaced(Vec3 base) const {
  const Appearance& f = face_;
  if (base.z <= 4) return base;
  const float side = base.x < 0 ? -1.f : 1.f, x = std::abs(base.x), y = base.y;
  float out = 0, across = 0, down = 0;

  if (y > -48 && y < 30) {
    out -= (f.eye_depth + 1) * hill(square((x - f.eye_x + 2) / 21) + square((y + 1) / 15));
    out += 4.5f * hill(square((x - f.eye_x) / 15) + square(y / 10.5f));
    out += (f.brow_ridge + 1) * hill(square((x - 26) / 36) + square((y + f.brow_y - 4) / 12));
  }
  const float cheek = hill(square((x - 47) / 27) + square((y - 27) / 26));
  out += 0.6f * f.cheek_out * cheek;
  across += 0.6f * f.cheek_out * cheek;
  const float lower_cheek = hill(square((x - 42) / 30) + square((y - 60) / 34));
  out += 0.7f * f.cheek_full * lower_cheek;
  across += 0.5f * f.cheek_full * lower_cheek;
  const float smiling = std::max(0.f, f.smile);
  out += 4 * smiling * hill(square((x - 36) / 17) + square((y - 34) / 15));
  const float jowl = hill(square((x - 40) / 20) + square((y - 88) / 20));
  across += 4 * f.sag * jowl;
  out += 3 * f.sag * jowl;

  if (y > -16 && y < f.nose_y + 16 && x < 34) {
    const float t = clamp01((y + 8) / (f.nose_y + 8));
    const float ridge =
        (lerp(f.nose_bridge_out, f.nose_out, t * (0.55f + 0.45f * t)) + f.nose_hump * 4 * t * (1 - t)) *
        smooth(-16, 2, y) * (1 - smooth(f.nose_y - 1, f.nose_y + 11, y));
    const float half = lerp(f.nose_bridge, 0.85f * f.nose_wing, t * t) * 1.45f;
    const float tip = hill(square(x / (9.5f * f.nose_round)) + square((y - f.nose_y) / 8));
    out += ridge * hill(square(x / half)) + 3.5f * f.nose_round * tip;
    out += 8 * hill(square((x - 0.7f * f.nose_wing) / 8) + square((y - f.nose_y) / 9));
    down -= f.nose_up * hill(square(x / 14) + square((y - f.nose_y) / 14));
  }
  if (y > f.mouth_y - 34) {
    const float line = f.mouth_y - f.lip_corner * square(x / f.mouth_half);
    out += 4.5f * hill(square(x / 38) + square((y - f.mouth_y) / 30));
    out +=
        (1.5f + 0.4f * f.lip_upper) *
        hill(square(x / f.mouth_half) + square((y - line + 0.5f * f.lip_upper) / (0.9f * f.lip_upper + 1)));
    out += (1.5f + 0.4f * f.lip_lower) *
           hill(square(x / (0.9f * f.mouth_half)) +
                square((y - line - 0.5f * f.lip_lower) / (0.9f * f.lip_lower + 1)));
    out -= 1.5f * f.philtrum *
           hill(square(x / 4) + square((y - 0.5f * (f.nose_y + 8 + line - f.lip_upper)) / 8));
    out -= 3.5f * hill(square(x / 19) + square((y - f.mouth_y - f.lip_lower - 5) / 7));
    out += (4 + f.chin_forward) * hill(square(x / 25) + square((y - f.chin_y + 13) / 16));
    down += f.jaw_drop * smooth(f.mouth_y - 4, f.mouth_y + 16, y);
  }
  const float front = smooth(4, 34, base.z);
  return {base.x + front * side * across, base.y + front * down, base.z + front * out};
}

// The jaw rises towards the ears.
Vec3 HeadShape::lowered(Vec3 point, float base_y, float sine, float cosine) const {
  (void)sine;
  const float back = std::min(1.35f, 1 - cosine);
  point.y -= 24 * std::max(0.f, (base_y - 22) / 85) * back * std::sqrt(back);
  return point;
}

Vec3 HeadShape::surface(float x, float y) const {
  const Ring r = ring(y);
  const float sine = std::clamp(x / r.half_width, -1.f, 1.f), cosine = std::sqrt(1 - sine * sine);
  return lowered(displaced(on_ring(r, sine, cosine, std::pow(cosine, face_.flatness))), y, sine, cosine);
}

std::array<Vec3, 5> HeadShape::landmarks() const {
  const Appearance& f = face_;
  const float corner = f.mouth_y - f.lip_corner;
  const Vec3 tip = surface(0, f.nose_y);
  return {surface(-f.eye_x, 0), surface(f.eye_x, 0), tip, surface(-f.mouth_half, corner),
          surface(f.mouth_half, corner)};
}

void HeadShape::add_skull(Mesh& mesh) const {
  float theta[kColumns], sine[kColumns], cosine[kColumns], power[kColumns], hair_y[kColumns];
  for (int c = 0; c < kColumns; ++c) {
    const float t = 2 * static_cast<float>(c) / (kColumns - 1) - 1;
    theta[c] = kPi * (0.42f * t + 0.58f * t * t * t);
    sine[c] = std::sin(theta[c]);
    cosine[c] = std::cos(theta[c]);
    power[c] = cosine[c] > 0 ? std::pow(cosine[c], face_.flatness) : 0;
    hair_y[c] = hairline_.y(theta[c]);
  }
  for (int row = 0; row < kRows; ++row) {
    const Ring r = ring(row_height(face_, row));
    for (int c = 0; c < kColumns; ++c) {
      const Vec3 base = on_ring(r, sine[c], cosine[c], power[c]);
      Vec3 point = lowered(displaced(base), r.y, sine[c], cosine[c]);
      const float hair = hairline_.thickness() * smooth(0, 16, hair_y[c] - r.y);
      if (hair > 0) {
        const Vec3 outwards = normalised({point.x, std::min(0.f, point.y + 30), point.z});
        point = point + outwards * hair;
      }
      mesh.vertices.push_back({point, {}, base, theta[c]});
    }
  }
  finish_grid(mesh, kRows, kColumns, Part::kHead);
}

void HeadShape::build(Mesh& mesh) const {
  mesh.vertices.clear();
  mesh.triangles.clear();
  add_skull(mesh);
  add_ears(mesh);
  add_neck(mesh);
  if (hairline_.curtain()) add_curtain(mesh);
}

void finish_grid(Mesh& mesh, int rows, int columns, Part part) {
  const auto first = static_cast<int32_t>(mesh.vertices.size()) - rows * columns;
  const auto at = [&](int r, int c) -> Vertex& {
    return mesh.vertices[static_cast<size_t>(first + std::clamp(r, 0, rows - 1) * columns +
                                             std::clamp(c, 0, columns - 1))];
  };
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c)
      at(r, c).normal = normalised(cross(at(r, c + 1).position - at(r, c - 1).position,
                                         at(r + 1, c).position - at(r - 1, c).position));
  for (int r = 0; r + 1 < rows; ++r)
    for (int c = 0; c + 1 < columns; ++c) {
      const int32_t a = first + r * columns + c, b = a + columns;
      mesh.triangles.push_back({{a, b, a + 1}, part});
      mesh.triangles.push_back({{a + 1, b, b + 1}, part});
    }
}

}  // namespace fr::synth
