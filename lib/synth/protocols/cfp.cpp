// Synthetic CFP (spec 4.4): 500 people, ten frontal and four profile photographs each; a fold has 50 of them.
// cfp_fp compares frontal with profile, cfp_ff frontal with frontal.
#include "synth/protocols/photographs.h"
#include "synth/protocols/writers.h"

namespace fr::synth {

namespace {

constexpr int64_t kFolds = 10, kFrontal = 10, kProfile = 4;
constexpr int64_t kPairs = 7;  // genuine ones of a person; as many impostor ones begin with the person
constexpr Spread kFrontalSpread = {0.35f, 0.85f, 2}, kProfileSpread = {0.2f, 0.75f, 2};

struct Photo {
  int64_t person = 0, number = 0;  // numbers below kFrontal are frontal
};

std::string name_of(const Photo& photo) {
  const bool frontal = photo.number < kFrontal;
  return fmt::format("Data/Images/{:03}/{}/{:02}.jpg", photo.person + 1, frontal ? "frontal" : "profile",
                     photo.number - (frontal ? 0 : kFrontal) + 1);
}

template <bool kWithProfile>
class Cfp final : public Benchmark {
 public:
  std::vector<std::pair<std::string, int64_t>> counts(Size size) const override {
    const int64_t genuine = people(size) * kPairs;
    return {{"pairs", 2 * genuine}, {"genuine", genuine}, {"impostor", genuine}, {"folds", kFolds}};
  }

  void write(const BenchmarkRequest& request) const override {
    const std::filesystem::path protocol = request.folder / "Protocol";
    write_photo_list(protocol / "Pair_list_F.txt", people(request.size), 0, kFrontal);
    if (kWithProfile)
      write_photo_list(protocol / "Pair_list_P.txt", people(request.size), kFrontal, kProfile);
    for (int64_t fold = 0; fold < kFolds; ++fold) write_fold(request, fold);

    constexpr int64_t each = kFrontal + (kWithProfile ? kProfile : 0);
    const auto photo = [](int64_t i) { return Photo{i / each, i % each}; };
    const Photographs photographs = {people(request.size) * each,
                                     [&](int64_t i) { return face_of(photo(i), request.seed); },
                                     [&](int64_t i) { return name_of(photo(i)); }};
    write_photographs(request, Sphere(request.seed, "cfp"), photographs,
                      Flaws({request.seed, "synth flaws cfp"}, photographs.items));
  }

 private:
  static int64_t people(Size size) { return size == Size::kFull ? 500 : 50; }

  static Face face_of(const Photo& photo, uint64_t seed) {
    const int64_t number = photo.person * (kFrontal + kProfile) + photo.number;  // the same in both sets
    const RandomStream own(seed, "synth cfp photo", static_cast<uint64_t>(number));
    const float likeness =
        draw_likeness(photo.number < kFrontal ? kFrontalSpread : kProfileSpread, own.uniform(0));
    return {.identity = photo.person,
            .photo = number,
            .likeness = likeness,
            .norm = draw_norm(likeness, own.uniform(1))};
  }

  // Index i of the list: photograph (i - 1) % each of person (i - 1) / each.
  static void write_photo_list(const std::filesystem::path& path, int64_t people, int64_t first,
                               int64_t each) {
    TextFile list(path);
    for (int64_t i = 0; i < people * each; ++i) {
      list.add("{} ../{}\n", i + 1, name_of({i / each, first + i % each}));
    }
    list.commit();
  }

  static void write_fold(const BenchmarkRequest& request, int64_t fold) {
    const int64_t here = people(request.size) / kFolds, begin = fold * here;
    const int64_t seconds = kWithProfile ? kProfile : kFrontal;
    RandomStream stream(request.seed, kWithProfile ? "synth list cfp_fp" : "synth list cfp_ff",
                        static_cast<uint64_t>(fold));
    const auto below = [&](int64_t bound) {
      return static_cast<int64_t>(stream.next_below(static_cast<uint64_t>(bound)));
    };
    const auto folder =
        request.folder / "Protocol/Split" / (kWithProfile ? "FP" : "FF") / fmt::format("{:02}", fold + 1);
    TextFile same(folder / "same.txt"), diff(folder / "diff.txt");
    for (int64_t person = begin; person < begin + here; ++person) {
      const int64_t start = below(kFrontal), step = 1 + below(kFrontal - 1);
      for (int64_t i = 0; i < kPairs; ++i) {
        // Seven different frontal photographs, each with another one.
        const int64_t a = (start + i) % kFrontal,
                      b = kWithProfile ? (i + step) % kProfile : (a + step) % kFrontal;
        same.add("{},{}\n", person * kFrontal + a + 1, person * seconds + b + 1);
        const int64_t other = begin + (person - begin + 1 + below(here - 1)) % here;
        diff.add("{},{}\n", person * kFrontal + below(kFrontal) + 1, other * seconds + below(seconds) + 1);
      }
    }
    same.commit();
    diff.commit();
  }
};

template <bool kWithProfile>
const Benchmark& cfp() {
  static const Cfp<kWithProfile> benchmark;
  return benchmark;
}

const Registration<BenchmarkKind> cfp_fp("cfp_fp", cfp<true>);
const Registration<BenchmarkKind> cfp_ff("cfp_ff", cfp<false>);

}  // namespace

}  // namespace fr::synth
