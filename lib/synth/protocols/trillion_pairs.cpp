// Synthetic Trillion-Pairs (spec 4.7, 6.6): testdata_lmk.txt, the labels that the challenge never published,
// and the submission matrix, rows of unit length. Probes and distractors are mixed.
#include <array>
#include <span>

#include "core/matrix_header.h"
#include "synth/protocols/photographs.h"
#include "synth/protocols/writers.h"

namespace fr::synth {

namespace {

struct Scale {
  int64_t people, probes, items, families;
  int64_t copies;  // distractors whose row is a probe's: exact ties, and false accepts at any rate
};
// 1,862,120 rows were submitted, 274K of them probes of 5,749 people; all others are distractors here.
constexpr Scale kFull = {5'749, 274'000, 1'862'120, 120'000, 2};
constexpr Scale kSmall = {100, 2'000, 8'000, 2'000, 0};
const Scale& scale_of(Size size) { return size == Size::kFull ? kFull : kSmall; }

constexpr Spread kSpread = {0.45f, 0.95f, 2};
constexpr float kRelated = 0.02f;            // share of the distractors that are of a family
constexpr int64_t kDistractors = 1'000'000;  // first identity number

// (items): the person of a probe, -1 for a distractor.
std::vector<int32_t> make_labels(const Scale& scale, uint64_t seed) {
  std::vector<int32_t> labels;
  labels.reserve(static_cast<size_t>(scale.items));
  const std::vector<int64_t> photos =
      heap_sizes(scale.people, scale.probes, 1, 1, {seed, "synth trillion sizes"});
  for (int64_t person = 0; person < scale.people; ++person) {
    labels.insert(labels.end(), static_cast<size_t>(photos[static_cast<size_t>(person)]),
                  static_cast<int32_t>(person));
  }
  labels.resize(static_cast<size_t>(scale.items), -1);
  shuffle(labels, {seed, "synth trillion order"});
  return labels;
}

Face face_of(const std::vector<int32_t>& labels, const Scale& scale, uint64_t seed, int64_t item) {
  const int64_t label = labels[static_cast<size_t>(item)];
  const int64_t identity = label >= 0 ? label : kDistractors + item;
  const RandomStream person(seed, "synth trillion person", static_cast<uint64_t>(identity));
  const RandomStream own(seed, "synth trillion photo", static_cast<uint64_t>(item));
  Face face{.identity = identity,
            .kinship = 0.4f + 0.3f * person.uniform(0),
            .photo = item,
            .likeness = draw_likeness(kSpread, own.uniform(0))};
  if (label >= 0) {
    face.family = label;
  } else if (person.uniform(1) < kRelated) {
    face.family = static_cast<int64_t>(person.below(2, static_cast<uint64_t>(scale.families)));
  }
  return face;
}

void write_lists(const std::filesystem::path& folder, const std::vector<int32_t>& labels, uint64_t seed) {
  TextFile landmarks(folder / "testdata_lmk.txt"), people(folder / "labels.txt");
  for (int64_t i = 0; i < std::ssize(labels); ++i) {
    landmarks.add("{:03}/{:07}.jpg", i / 10'000, i);
    const RandomStream own(seed, "synth trillion landmarks", static_cast<uint64_t>(i));
    constexpr std::array<uint64_t, 10> kPlaces = {80, 100, 140, 100, 110, 135, 85, 165, 135, 165};  // pixels
    for (size_t k = 0; k < kPlaces.size(); ++k) {
      const uint64_t hundredths = 100 * kPlaces[k] - 600 + own.below(k, 1200);
      landmarks.add(" {}.{:02}", hundredths / 100, hundredths % 100);
    }
    landmarks.add("\n");
    people.add("{}\n", labels[static_cast<size_t>(i)]);
  }
  landmarks.commit();
  people.commit();
}

class TrillionPairs final : public Benchmark {
 public:
  std::vector<std::pair<std::string, int64_t>> counts(Size size) const override {
    const Scale& scale = scale_of(size);
    return {{"items", scale.items},
            {"probes", scale.probes},
            {"people", scale.people},
            {"distractors", scale.items - scale.probes}};
  }
  std::string embeddings() const override { return "submission.bin"; }
  bool can_flip() const override { return false; }  // a submission has the sum

  void write(const BenchmarkRequest& request) const override {
    const Scale& scale = scale_of(request.size);
    const std::vector<int32_t> labels = make_labels(scale, request.seed);
    write_lists(request.folder, labels, request.seed);
    const Photographs photographs = {
        scale.items, [&](int64_t i) { return face_of(labels, scale, request.seed, i); }, {}};

    const auto is_probe = [&](int64_t item) { return labels[static_cast<size_t>(item)] >= 0; };
    Flaws flaws({request.seed, "synth flaws trillion"}, scale.items,
                [&](int64_t a, int64_t b) { return is_probe(a) == is_probe(b); });
    int64_t probe = 0, other = 0;
    for (int64_t i = 0; i < scale.copies; ++i, ++probe, ++other) {
      while (!is_probe(probe)) ++probe;
      while (is_probe(other)) ++other;
      flaws.set(other, Flaw::kTwin, probe);
    }
    const Sphere sphere(request.seed, "trillion");
    const MatrixHeader header = float_matrix_header(scale.items, kSphereDim);
    write_rows(request.folder / embeddings(), std::as_bytes(std::span(&header, 1)), scale.items,
               [&](int64_t i, float* row) { flawed_row(sphere, photographs, flaws, i, false, row); });
  }
};

const Benchmark& trillion_pairs() {
  static const TrillionPairs benchmark;
  return benchmark;
}

const Registration<BenchmarkKind> registration("trillion_pairs", trillion_pairs);

}  // namespace

}  // namespace fr::synth
