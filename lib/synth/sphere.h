// Embeddings without a network: an identity is a direction on the sphere, a row shows it through noise. A row
// is a pure function of its numbers, made of integers, +, * and square roots only: the same bits on every
// machine.
#pragma once
#include <array>
#include <cstdint>
#include <string>

namespace fr::synth {

inline constexpr int64_t kSphereDim = 512;

// Whose face a row shows, and how it was taken.
struct Face {
  int64_t identity = 0;
  int64_t family = -1;    // related people share a direction; -1: related to nobody
  float kinship = 0;      // cosine of the identity's direction with the family's; relatives' is its square
  int64_t photo = 0;      // equal numbers: equal noise
  float likeness = 1;     // cosine with the identity's direction, 0 … 1: how good the photograph is
  int64_t medium = -1;    // frames of one video share noise; -1: of its own
  float shared = 0;       // cosine between the noise of two frames of one medium
  bool mirrored = false;  // the row of the mirrored photograph, close to the other's
  float norm = 1;         // of the row; must be positive
};

// The space one network would make of one benchmark. Noise is uniform in a hidden space whose variance falls
// along the coordinates (about 200 effective dimensions, as networks have), turned so that every coordinate
// of the row has nearly the same variance and is nearly normal. Unrelated faces have cosines of mean 0 and
// deviation 0.07.
class Sphere {
 public:
  // Other names have other people.
  Sphere(uint64_t seed, const std::string& name);
  void row(const Face& face, float* row /*(kSphereDim)*/) const;  // overwrites

 private:
  using Hidden = std::array<float, kSphereDim>;
  void add_noise(const std::string& stream, int64_t index, float weight, Hidden& hidden) const;

  uint64_t seed_;
  std::string identities_, families_, media_, photos_, mirrors_;  // names of streams
  Hidden deviations_;                                             // of the hidden coordinates, for unit noise
};

}  // namespace fr::synth
