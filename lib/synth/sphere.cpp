#include "synth/sphere.h"

#include <cassert>
#include <cmath>
#include <cstddef>

#include "core/random.h"

namespace fr::synth {

namespace {

constexpr size_t kDim = kSphereDim;
constexpr size_t kLanes = 16;  // sums have this many terms side by side, in one order on every machine
constexpr double kDecay = 16;  // variance of hidden coordinate k: 1 / (1 + k / kDecay)
constexpr double kByteVariance = (256.0 * 256.0 - 1) / 12;
constexpr float kMirrorLoss = 0.1f;  // share of a photograph's noise that its mirror image does not have

float sum_of_squares(const std::array<float, kDim>& v) {
  std::array<float, kLanes> lanes{};
  for (size_t k = 0; k < kDim; k += kLanes) {
    for (size_t j = 0; j < kLanes; ++j) lanes[j] += v[k + j] * v[k + j];
  }
  float sum = 0;
  for (const float lane : lanes) sum += lane;
  return sum;
}

// Multiplies by a Hadamard matrix over k / kLanes: orthogonal but for the factor sqrt(kDim / kLanes).
void turn(std::array<float, kDim>& v) {
  for (size_t half = kLanes; half < kDim; half *= 2) {
    for (size_t begin = 0; begin < kDim; begin += 2 * half) {
      for (size_t k = begin; k < begin + half; ++k) {
        const float a = v[k], b = v[k + half];
        v[k] = a + b;
        v[k + half] = a - b;
      }
    }
  }
}

}  // namespace

Sphere::Sphere(uint64_t seed, const std::string& name)
    : seed_(seed),
      identities_("sphere identity " + name),
      families_("sphere family " + name),
      media_("sphere medium " + name),
      photos_("sphere photo " + name),
      mirrors_("sphere mirror " + name) {
  double total = 0;
  const auto variance = [](size_t k) { return 1 / (1 + static_cast<double>(k) / kDecay); };
  for (size_t k = 0; k < kDim; ++k) total += variance(k);
  for (size_t k = 0; k < kDim; ++k) {
    deviations_[k] = static_cast<float>(std::sqrt(variance(k) / (total * kByteVariance)));
  }
}

void Sphere::add_noise(const std::string& stream, int64_t index, float weight, Hidden& hidden) const {
  std::array<uint32_t, kDim / 4> words;
  RandomStream(seed_, stream, static_cast<uint64_t>(index)).fill(0, words);
  for (size_t byte = 0; byte < 4; ++byte) {
    const size_t first = byte * words.size();
    for (size_t i = 0; i < words.size(); ++i) {
      const auto value = static_cast<float>(static_cast<int32_t>((words[i] >> (8 * byte)) & 255)) - 127.5f;
      hidden[first + i] += weight * (deviations_[first + i] * value);
    }
  }
}

void Sphere::row(const Face& face, float* row) const {
  assert(face.norm > 0 && face.likeness >= 0 && face.likeness <= 1 && face.kinship >= 0 && face.kinship <= 1);
  Hidden hidden{};
  const auto rest = [](float cosine) { return std::sqrt(1 - cosine * cosine); };
  const float kinship = face.family < 0 ? 0 : face.kinship;
  add_noise(identities_, face.identity, face.likeness * rest(kinship), hidden);
  if (kinship > 0) add_noise(families_, face.family, face.likeness * kinship, hidden);

  const float shared = face.medium < 0 ? 0 : face.shared, noise = rest(face.likeness);
  if (shared > 0) add_noise(media_, face.medium, noise * std::sqrt(shared), hidden);
  const float own = noise * std::sqrt(1 - shared);
  if (own > 0) {
    const float kept = face.mirrored ? std::sqrt(1 - kMirrorLoss) : 1;
    add_noise(photos_, face.photo, own * kept, hidden);
    if (face.mirrored) add_noise(mirrors_, face.photo, own * std::sqrt(kMirrorLoss), hidden);
  }

  constexpr auto copies = kDim / kLanes;
  const float scale = face.norm / std::sqrt(sum_of_squares(hidden) * static_cast<float>(copies));
  turn(hidden);
  for (size_t k = 0; k < kDim; ++k) row[k] = scale * hidden[k];
}

}  // namespace fr::synth
