// Small vectors and the smooth steps and bumps that faces are shaped and painted with.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

namespace fr::synth {

struct Vec3 {
  float x = 0, y = 0, z = 0;
};
inline Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vec3 operator*(Vec3 a, float s) { return {a.x * s, a.y * s, a.z * s}; }
inline Vec3 operator*(Vec3 a, Vec3 b) { return {a.x * b.x, a.y * b.y, a.z * b.z}; }
inline float dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec3 cross(Vec3 a, Vec3 b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline Vec3 normalised(Vec3 a) { return a * (1 / std::sqrt(dot(a, a) + 1e-12f)); }

inline float clamp01(float t) { return std::min(1.f, std::max(0.f, t)); }
inline float lerp(float a, float b, float t) { return a + (b - a) * t; }
inline Vec3 lerp(Vec3 a, Vec3 b, float t) { return a + (b - a) * t; }
inline float square(float t) { return t * t; }

// 0 below `low`, 1 above `high`, smooth between.
inline float smooth(float low, float high, float t) {
  t = clamp01((t - low) / (high - low));
  return t * t * (3 - 2 * t);
}
// Smooth hill of height 1 at 0 that ends at squared distance 1.
inline float hill(float squared_distance) {
  const float t = std::max(0.f, 1 - squared_distance);
  return t * t;
}

inline uint32_t mix(uint32_t h) {
  h = (h ^ (h >> 16)) * 0x7feb352du;
  h = (h ^ (h >> 15)) * 0x846ca68bu;
  return h ^ (h >> 16);
}
inline uint32_t mix(uint32_t seed, int32_t i, int32_t j) {
  return mix(seed ^ (static_cast<uint32_t>(i) * 0x9E3779B1u) ^ (static_cast<uint32_t>(j) * 0x85EBCA77u));
}
inline float unit(uint32_t h) { return static_cast<float>(h >> 8) * 0x1p-24f; }

// Bilinear value noise in [0, 1) on the integer lattice; only for texture, where draws by the million are
// needed.
inline float value_noise(uint32_t seed, float x, float y) {
  const float fx = std::floor(x), fy = std::floor(y);
  const auto i = static_cast<int32_t>(fx), j = static_cast<int32_t>(fy);
  const float u = x - fx, v = y - fy;
  const float su = u * u * (3 - 2 * u), sv = v * v * (3 - 2 * v);
  return lerp(lerp(unit(mix(seed, i, j)), unit(mix(seed, i + 1, j)), su),
              lerp(unit(mix(seed, i, j + 1)), unit(mix(seed, i + 1, j + 1)), su), sv);
}

}  // namespace fr::synth
