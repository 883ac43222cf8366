// Synthetic faces as data sets: training images rendered when asked for, and test sets in the spirit of the
// benchmarks. Nothing is stored; everything is a pure function of (seed, identity, index).
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "synth/render.h"

namespace fr {

struct SynthOptions {
  int64_t identities = 300;
  int64_t images_per_identity = 30;
  uint64_t seed = 1;
};

// Image i shows identity i / images_per_identity, over the whole range of poses with most near frontal.
std::unique_ptr<Dataset> make_synthetic_dataset(const SynthOptions& options);

namespace synth {

// Identities from here on never occur in training sets of the same seed.
inline constexpr int64_t kFirstTestIdentity = int64_t{1} << 32;

// One photograph to be taken.
struct Shot {
  int64_t identity = 0;
  Nuisance nuisance;
};
void render_shot(uint64_t seed, const Shot& shot, std::span<uint8_t> rgb /*(112,112,3)*/);

struct VerificationSet {
  std::string name;           // of the protocol: "lfw"
  std::vector<Shot> shots;    // two a pair
  std::vector<uint8_t> same;  // (pairs): 1 one person; ten contiguous folds, each half genuine, of
                              // identities that no other fold and no other set has
};
std::vector<std::string> verification_sets();
// Throws fr::Error when pairs is not a positive multiple of 20 or the name is unknown.
VerificationSet make_verification_set(const std::string& name, int64_t pairs, uint64_t seed);

// A small IJB-C: templates of still images and video frames, loosely framed with landmarks.
struct IjbcOptions {
  int64_t subjects = 90;
  int64_t templates_per_subject = 3;
  uint64_t seed = 1;
};
struct IjbcImage {
  std::string file;  // "17.jpg"
  int64_t template_id = 0, medium_id = 0;
  Shot shot;
  Framing framing;
  float score = 1;  // of the detector
};
struct IjbcPair {
  int64_t a = 0, b = 0;  // template ids
  bool same = false;
};
struct IjbcSet {
  std::vector<IjbcImage> images;
  std::vector<IjbcPair> pairs;  // every pair of templates
};
IjbcSet make_ijbc_set(const IjbcOptions& options);

// Rows are identities, columns photographs: (112 rows, 112 columns, 3) RGB.
std::vector<uint8_t> contact_sheet(const Dataset& dataset, int64_t rows, int64_t columns);

// The descriptors that must not recognise anybody.
std::vector<float> mean_colour(std::span<const uint8_t> rgb /*(112,112,3)*/);  // (3)
std::vector<float> coarse_grey(std::span<const uint8_t> rgb /*(112,112,3)*/);  // (64), 8x8 less its mean

}  // namespace synth
}  // namespace fr
