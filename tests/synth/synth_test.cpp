// Synthetic faces: a pure function of their numbers, landmarks where the template says, sets that share
// nobody.
#include "synth/synth.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/error.h"
#include "core/parallel.h"

using namespace fr;

namespace {

std::vector<uint8_t> crop(const Dataset& dataset, int64_t index) {
  std::vector<uint8_t> rgb(kCropBytes);
  dataset.image(index, rgb);
  return rgb;
}

double difference(const std::vector<uint8_t>& a, const std::vector<uint8_t>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += std::abs(static_cast<int>(a[i]) - static_cast<int>(b[i]));
  return sum / static_cast<double>(a.size());
}

}  // namespace

TEST_CASE("an image depends on seed, identity and index alone") {
  const auto few = make_synthetic_dataset({4, 6, 7}), more = make_synthetic_dataset({9, 20, 7});
  const auto other = make_synthetic_dataset({4, 6, 8});
  CHECK(few->size() == 24);
  CHECK(few->classes() == 4);
  CHECK(few->label(23) == 3);
  CHECK(crop(*few, 2 * 6 + 5) == crop(*more, 2 * 20 + 5));
  CHECK(crop(*few, 13) == crop(*few, 13));
  CHECK(difference(crop(*few, 13), crop(*other, 13)) > 5);
  CHECK(few->content_hash() != other->content_hash());
  CHECK(few->content_hash() == make_synthetic_dataset({4, 6, 7})->content_hash());
}

TEST_CASE("any order and any number of threads render the same pixels") {
  const auto dataset = make_synthetic_dataset({3, 8, 1});
  std::vector<std::vector<uint8_t>> serial, parallel(24, std::vector<uint8_t>(kCropBytes));
  for (int64_t i = 0; i < 24; ++i) serial.push_back(crop(*dataset, i));
#pragma omp parallel for schedule(dynamic, 1) num_threads(4)
  for (int64_t i = 23; i >= 0; --i) dataset->image(i, parallel[static_cast<size_t>(i)]);
  CHECK(serial == parallel);
}

TEST_CASE("landmarks of an aligned crop lie on the template") {
  for (int64_t who = 0; who < 20; ++who) {
    const synth::Identity identity = synth::make_identity(3, who);
    synth::Nuisance nuisance;  // frontal, neutral, aligned without error
    std::vector<uint8_t> rgb(kCropBytes);
    const Landmarks frontal = synth::render(identity, nuisance, {}, rgb);
    for (size_t i = 0; i < 10; ++i) CHECK(std::abs(frontal[i] - kReferenceLandmarks[i]) < 9);
    // What remains is exactly what no similarity removes.
    const Similarity rest = fit_similarity(frontal, kReferenceLandmarks);
    CHECK(rest.a == doctest::Approx(1).epsilon(1e-4));
    CHECK(std::abs(rest.b) < 1e-4);
  }
}

TEST_CASE("the eyes are drawn where the landmarks say") {
  // A closed lid is skin; an open eye has its dark pupil on the landmark.
  for (int64_t who = 0; who < 12; ++who) {
    synth::Identity identity = synth::make_identity(5, who);
    identity.skin_tone = 0.1f;  // fair, without spots
    identity.mole_count = 0;
    synth::Nuisance nuisance;
    nuisance.noise = 0;
    std::vector<uint8_t> rgb(kCropBytes);
    const Landmarks at = synth::render(identity, nuisance, {}, rgb);
    for (const size_t eye : {size_t{0}, size_t{2}}) {
      const auto green = [&](float x, float y) {
        return rgb[static_cast<size_t>((std::lround(y) * kCropSize + std::lround(x)) * 3 + 1)];
      };
      CHECK(green(at[eye], at[eye + 1]) + 30 < green(at[eye], at[eye + 1] + 14));  // cheek below
    }
  }
}

TEST_CASE("loose crops: the landmarks align the face") {
  const synth::Identity identity = synth::make_identity(3, 11);
  synth::Nuisance nuisance;
  nuisance.roll = 0.3f;
  nuisance.noise = 0;
  synth::Framing framing{150, false, 0.5f, 75, 65};
  std::vector<uint8_t> rgb(static_cast<size_t>(3 * 150 * 150));
  const Landmarks at = synth::render(identity, nuisance, framing, rgb);
  for (const float v : at) CHECK((v > 0 && v < 150));
  const Similarity fit = fit_similarity(at, kReferenceLandmarks);
  CHECK(std::atan2(fit.b, fit.a) == doctest::Approx(-0.3).epsilon(0.05));
  CHECK_THROWS_AS(synth::render(identity, nuisance, {}, rgb), Error);
}

TEST_CASE("yaw turns the nose to its side and hides the far eye") {
  const synth::Identity identity = synth::make_identity(3, 2);
  synth::Framing framing{112, false, 0.5f, 56, 50};
  std::vector<uint8_t> rgb(kCropBytes);
  for (const float yaw : {-1.4f, 1.4f}) {
    synth::Nuisance nuisance;
    nuisance.yaw = yaw;
    const Landmarks at = synth::render(identity, nuisance, framing, rgb);
    CHECK((at[4] - 0.5f * (at[0] + at[2])) * yaw > 5);
    CHECK(std::abs(at[2] - at[0]) < 12);
  }
}

TEST_CASE("verification sets: balanced folds, nobody in two of them or in training") {
  std::set<int64_t> everybody;
  for (const std::string& name : synth::verification_sets()) {
    const auto set = synth::make_verification_set(name, 400, 1);
    REQUIRE(set.same.size() == 400);
    REQUIRE(set.shots.size() == 800);
    std::map<int64_t, size_t> fold_of;
    for (size_t i = 0; i < 400; ++i) {
      CHECK(set.same[i] == (i % 40 < 20 ? 1 : 0));
      const auto &a = set.shots[2 * i], &b = set.shots[2 * i + 1];
      CHECK((a.identity == b.identity) == (set.same[i] == 1));
      for (const auto* shot : {&a, &b}) {
        CHECK(shot->identity >= synth::kFirstTestIdentity);
        CHECK(fold_of.emplace(shot->identity, i / 40).first->second == i / 40);
      }
      const float gap = b.nuisance.age - a.nuisance.age;
      if (name == "agedb_30" || name == "calfw") CHECK(std::abs(gap - 30) <= 6);
      if (name == "cfp_fp") CHECK(std::abs(b.nuisance.yaw) > 1.2f);
    }
    for (const auto& [identity, fold] : fold_of) CHECK(everybody.insert(identity).second);
  }
  CHECK_THROWS_AS(synth::make_verification_set("lfw", 30, 1), Error);
  CHECK_THROWS_AS(synth::make_verification_set("nobody", 40, 1), Error);
}

TEST_CASE("IJB-C style: official numbering, one subject a template, enough impostors for 1e-4") {
  const auto set = synth::make_ijbc_set({});
  std::map<int64_t, int64_t> subject, template_of;
  for (const auto& image : set.images) {
    CHECK(subject.emplace(image.template_id, image.shot.identity).first->second == image.shot.identity);
    CHECK(template_of.emplace(image.medium_id, image.template_id).first->second == image.template_id);
    CHECK((image.score > 0 && image.score <= 1));
  }
  CHECK(template_of.size() < set.images.size());  // some media are videos
  int64_t genuine = 0, impostor = 0;
  for (const auto& pair : set.pairs) {
    CHECK(pair.same == (subject.at(pair.a) == subject.at(pair.b)));
    ++(pair.same ? genuine : impostor);
  }
  CHECK(genuine >= 200);
  CHECK(impostor >= 20000);
}
