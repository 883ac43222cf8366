// Pose, projection, shading of visible surfaces, background and screen-space covers.
#include "synth/render.h"

#include <numbers>
#include <vector>

#include "core/error.h"
#include "synth/paint.h"
#include "synth/raster.h"
#include "synth/sensor.h"

namespace fr::synth {

namespace {

constexpr float kOversampling = 1.2f;

// Head to camera axes: nod, then turn, then tilt.
class Pose {
 public:
  explicit Pose(const Nuisance& n)
      : cy_(std::cos(n.yaw)),
        sy_(std::sin(n.yaw)),
        cp_(std::cos(n.pitch)),
        sp_(std::sin(n.pitch)),
        cr_(std::cos(n.roll)),
        sr_(std::sin(n.roll)),
        distance_(n.distance) {}
  Vec3 rotate(Vec3 v) const {
    v = {v.x, cp_ * v.y + sp_ * v.z, -sp_ * v.y + cp_ * v.z};
    v = {cy_ * v.x + sy_ * v.z, v.y, -sy_ * v.x + cy_ * v.z};
    return {cr_ * v.x - sr_ * v.y, sr_ * v.x + cr_ * v.y, v.z};
  }
  // Camera millimetres, perspective applied.
  Projected project(Vec3 v) const {
    const Vec3 p = rotate(v);
    const float near = distance_ / std::max(100.f, distance_ - p.z);
    return {p.x * near, p.y * near, p.z};
  }

 private:
  float cy_, sy_, cp_, sp_, cr_, sr_, distance_;
};

// Millimetres of the image plane to pixels of the image.
Similarity frame(const Nuisance& n, const Framing& framing, const Landmarks& seen) {
  if (!framing.aligned) return {framing.pixels_per_mm, 0, framing.x, framing.y};
  const Similarity fit = fit_similarity(seen, kReferenceLandmarks);
  // Detectors err: shift, scale and turn about the middle of the crop.
  const double ca = n.scale * std::cos(n.rotate), sa = n.scale * std::sin(n.rotate), middle = 56;
  const double x = fit.tx - middle, y = fit.ty - middle;
  return {ca * fit.a - sa * fit.b, sa * fit.a + ca * fit.b, ca * x - sa * y + middle + n.shift_x,
          sa * x + ca * y + middle + n.shift_y};
}

Vec3 background(const Nuisance& n, float x, float y) {
  float t = 0;
  switch (n.background_kind) {
    case 0:
      t = clamp01(0.5f +
                  0.8f * ((x - 0.5f) * std::cos(n.shadow_angle) + (y - 0.5f) * std::sin(n.shadow_angle)));
      break;
    case 1:
      t = value_noise(n.texture_seed, 4 * x + 30, 4 * y + 30);
      break;
    case 2:
      t = smooth(0.42f, 0.58f, value_noise(n.texture_seed, 7 * x + 30, 1.5f * y + 30));
      break;
    case 3:
      t = 0.6f * value_noise(n.texture_seed, 3 * x + 30, 3 * y + 30) +
          0.4f * value_noise(n.texture_seed + 1, 17 * x + 30, 17 * y + 30);
      break;
    default: {  // lights out of focus
      const auto i = static_cast<int32_t>(std::floor(5 * x + 30)),
                 j = static_cast<int32_t>(std::floor(5 * y + 30));
      const uint32_t h = mix(n.texture_seed, i, j);
      const float dx = 5 * x + 30 - static_cast<float>(i) - 0.35f - 0.3f * unit(h),
                  dy = 5 * y + 30 - static_cast<float>(j) - 0.5f;
      t = smooth(0.16f, 0.10f, dx * dx + dy * dy) * unit(mix(h));
    }
  }
  return lerp(n.background_a, n.background_b, t);
}

// A hand or a bar in front of the face, in image coordinates of the unit square: covered share.
float covered(const Nuisance& n, float x, float y) {
  const float c = std::cos(n.cover_angle), s = std::sin(n.cover_angle);
  const float dx = x - 0.5f - 0.28f * n.cover_x, dy = y - 0.58f - 0.28f * n.cover_y;
  const float u = c * dx + s * dy, v = -s * dx + c * dy;
  if (n.cover == Cover::kBar) return smooth(0.01f, -0.01f, std::abs(v) - 0.05f - 0.07f * n.cover_size);
  if (n.cover != Cover::kHand) return 0;
  // A palm with four fingers.
  const float width = 0.10f + 0.04f * n.cover_size;
  const float palm = square(u / (1.25f * width)) + square((v - 0.10f) / (1.2f * width)) - 1;
  const float finger = std::abs(std::fmod(u / width * 1.8f + 40, 1.f) - 0.5f) - 0.40f;
  const float length =
      std::max(std::abs(u) - 1.1f * width, std::max(v - 0.08f, -0.24f + 0.5f * square(u / width) * 0.1f - v));
  const float fingers = std::max(finger * width, length);
  return std::max(smooth(0.06f, -0.06f, palm), smooth(0.008f, -0.008f, fingers));
}

struct Scene {
  Mesh mesh;
  std::vector<Projected> points;    // (vertices)
  std::vector<Fragment> fragments;  // (source, source)
  std::vector<Vec3> light;          // (source, source)
};

class Shader {
 public:
  Shader(const Nuisance& n, const Pose& pose, const Painter& painter, const Mesh& mesh)
      : n_(n), pose_(pose), painter_(painter), mesh_(mesh), half_(normalised(n.light + Vec3{0, 0, 1})) {}

  Vec3 shade(const Fragment& f) const {
    const auto& triangle = mesh_.triangles[static_cast<size_t>(f.triangle)];
    const Vertex& p = mesh_.vertices[static_cast<size_t>(triangle.corner[0])];
    const Vertex& q = mesh_.vertices[static_cast<size_t>(triangle.corner[1])];
    const Vertex& r = mesh_.vertices[static_cast<size_t>(triangle.corner[2])];
    const float a = 1 - f.b - f.c;
    const Vec3 base = p.base * a + q.base * f.b + r.base * f.c;
    Vec3 normal = normalised(pose_.rotate(p.normal * a + q.normal * f.b + r.normal * f.c));
    if (normal.z < 0 && triangle.part != Part::kHead) normal = normal * -1;
    const Surface s = painter_.shade(triangle.part, base, p.theta * a + q.theta * f.b + r.theta * f.c);
    const float facing = dot(normal, n_.light);
    const float diffuse = std::max(0.f, 0.92f * facing + 0.08f) * s.lit;
    const float sky = n_.ambient * s.open * (0.82f - 0.18f * normal.y);
    float shine = std::max(0.f, dot(normal, half_));
    shine *= shine;
    shine *= shine;
    if (s.hairiness < 0.5f) shine *= shine, shine *= shine;
    const float gloss = s.gloss * n_.shine * n_.key * s.lit * shine * (facing > 0 ? 1.f : 0.f);
    const Vec3 key = n_.key_colour * (n_.key * diffuse * (0.55f + 0.45f * s.open));
    return s.albedo * (key + n_.ambient_colour * sky) + n_.key_colour * (0.55f * gloss);
  }

 private:
  const Nuisance& n_;
  const Pose& pose_;
  const Painter& painter_;
  const Mesh& mesh_;
  Vec3 half_;
};

}  // namespace

Landmarks render(const Identity& identity, const Nuisance& n, const Framing& framing,
                 std::span<uint8_t> rgb) {
  const int size = framing.size;
  FR_CHECK(std::ssize(rgb) == int64_t{3} * size * size, "render: {} bytes given for a {}x{} RGB image",
           rgb.size(), size, size);
  const Appearance face = resolve(identity, n);
  const HeadShape shape(face, n);
  const Pose pose(n);

  Landmarks seen;
  const auto marks = shape.landmarks();
  for (size_t i = 0; i < 5; ++i) {
    const Projected p = pose.project(marks[i]);
    seen[2 * i] = p.x;
    seen[2 * i + 1] = p.y;
  }
  const Similarity to_pixels = frame(n, framing, seen);

  thread_local Scene scene;  // scratch, so that a rendering allocates nothing
  const int source = static_cast<int>(std::lround(kOversampling * static_cast<float>(size)));
  shape.build(scene.mesh);
  scene.points.resize(scene.mesh.vertices.size());
  const float grow = static_cast<float>(source) / static_cast<float>(size);
  const auto a = static_cast<float>(to_pixels.a) * grow, b = static_cast<float>(to_pixels.b) * grow;
  // Landmarks name pixel centres by whole numbers, the rasteriser by halves.
  const float tx = (static_cast<float>(to_pixels.tx) + 0.5f) * grow,
              ty = (static_cast<float>(to_pixels.ty) + 0.5f) * grow;
  for (size_t i = 0; i < scene.points.size(); ++i) {
    const Projected p = pose.project(scene.mesh.vertices[i].position);
    scene.points[i] = {a * p.x - b * p.y + tx, b * p.x + a * p.y + ty, p.depth};
  }
  rasterise(scene.mesh, scene.points, source, scene.fragments);

  const Painter painter(face, n, shape.hairline());
  const Shader shader(n, pose, painter, scene.mesh);
  scene.light.resize(scene.fragments.size());
  const float shade_x = std::cos(n.shadow_angle), shade_y = std::sin(n.shadow_angle);
  const float pixel = 1 / static_cast<float>(source);
  for (int y = 0; y < source; ++y)
    for (int x = 0; x < source; ++x) {
      const auto i = static_cast<size_t>(y * source + x);
      const float u = (static_cast<float>(x) + 0.5f) * pixel, v = (static_cast<float>(y) + 0.5f) * pixel;
      Vec3 c = scene.fragments[i].triangle < 0 ? background(n, u, v) : shader.shade(scene.fragments[i]);
      if (n.cover == Cover::kHand || n.cover == Cover::kBar) {
        const float cover = covered(n, u, v);
        if (cover > 0) {
          const Vec3 front =
              n.cover == Cover::kHand
                  ? painter.skin_tone() * (0.45f + 0.4f * value_noise(n.texture_seed, 9 * u, 9 * v))
                  : n.cover_colour;
          c = lerp(c, front, cover);
        }
      }
      if (n.shadow_depth > 0) {
        const float side = 2 * ((u - 0.5f) * shade_x + (v - 0.5f) * shade_y) - n.shadow_edge;
        c = c * (1 - n.shadow_depth * smooth(-0.12f, 0.12f, side));
      }
      scene.light[i] = c;
    }
  // A camera meters partly on the face, so that dark skin is not simply a dark picture.
  const Vec3 tone = painter.skin_tone();
  const float metered = std::pow(0.38f / (0.3f * tone.x + 0.6f * tone.y + 0.1f * tone.z), 0.4f);
  expose(scene.light, source, n, 0.95f * metered, size, rgb);

  Landmarks placed;
  for (size_t i = 0; i < 10; i += 2) {
    placed[i] = static_cast<float>(to_pixels.a * seen[i] - to_pixels.b * seen[i + 1] + to_pixels.tx);
    placed[i + 1] = static_cast<float>(to_pixels.b * seen[i] + to_pixels.a * seen[i + 1] + to_pixels.ty);
  }
  return placed;
}

}  // namespace fr::synth
