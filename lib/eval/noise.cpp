#include "eval/noise.h"

#include <utility>

#include "core/random.h"
#include "eval/distractor_search.h"
#include "eval/pair_score.h"
#include "eval/unit_rows.h"

namespace fr {

namespace {

constexpr double kRandomRange = 0.001;
constexpr float kNoiseMark = 100;

bool is_noise(const DistractorSearch& search, int64_t place) {
  return search.noise[static_cast<size_t>(search.probes[static_cast<size_t>(place)])] != 0;
}

// row (dim) = what replaces the j-th noise probe. False where no clean probe of its person is usable.
bool centre_of_clean(const DistractorSearch& search, const Trials& trials, const ItemFeatures& features,
                     int64_t place, int64_t j, const NoiseVector& random, float* row) {
  std::vector<int64_t> clean;
  const auto at = static_cast<size_t>(place);
  for (int64_t t = trials.begin[at]; t < trials.begin[at + 1]; ++t) {
    const int64_t mate = trials.mates[static_cast<size_t>(t)];
    const int64_t item = search.probes[static_cast<size_t>(mate)];
    if (!is_noise(search, mate) && features.original[static_cast<size_t>(item)] != nullptr)
      clean.push_back(item);
  }
  const UnitRows rows(features, std::move(clean));
  std::vector<double> sum(static_cast<size_t>(features.dim));
  for (int64_t i = 0; i < rows.count(); ++i) {
    rows.read(i, row);
    for (size_t k = 0; k < sum.size(); ++k) sum[k] += static_cast<double>(row[k]);
  }
  for (size_t k = 0; k < sum.size(); ++k) sum[k] += random(j, static_cast<int64_t>(k));
  const double length = norm(sum.data(), features.dim);
  for (size_t k = 0; k < sum.size(); ++k) row[k] = length == 0 ? 0 : static_cast<float>(sum[k] / length);
  return rows.count() > 0;
}

}  // namespace

NoiseVector seeded_noise(uint64_t seed) {
  return [seed](int64_t j, int64_t k) {
    const RandomStream stream(seed, "megaface noise", static_cast<uint64_t>(j));
    return kRandomRange * (2 * stream.uniform64(static_cast<uint64_t>(k)) - 1);
  };
}

std::vector<float> replace_noise_probes(const Plan& plan, ItemFeatures& features, const NoiseVector& random) {
  const DistractorSearch& search = *plan.distractor_search;
  const Trials trials = make_trials(search, plan.subjects);
  const auto dim = static_cast<size_t>(features.dim);
  std::vector<int64_t> items;  // the noise probes
  std::vector<float> storage;
  std::vector<uint8_t> replaced;
  for (int64_t place = 0; place < std::ssize(search.probes); ++place) {
    if (!is_noise(search, place)) continue;
    const auto j = std::ssize(items);
    items.push_back(search.probes[static_cast<size_t>(place)]);
    storage.resize(storage.size() + dim);
    replaced.push_back(
        centre_of_clean(search, trials, features, place, j, random, &storage[storage.size() - dim]));
  }
  for (size_t j = 0; j < items.size(); ++j) {  // storage no longer moves
    const auto item = static_cast<size_t>(items[j]);
    features.original[item] = replaced[j] != 0 ? storage.data() + j * dim : nullptr;
    if (!features.flipped.empty()) features.flipped[item] = nullptr;
  }
  return storage;
}

bool mark_cleaned_features(DistractorSearch& search, const ItemFeatures& features) {
  if (!features.flipped.empty() || features.dim < 2) return false;
  const auto last = [&](int64_t item, float otherwise) {
    const float* row = features.original[static_cast<size_t>(item)];
    return row == nullptr ? otherwise : row[features.dim - 1];
  };
  for (const int64_t item : search.probes) {
    if (last(item, 0) != 0) return false;
  }
  std::vector<uint8_t> noise(features.original.size());
  bool any = false;
  for (const int64_t item : search.distractors) {
    const float mark = last(item, 0);
    if (mark != 0 && mark != kNoiseMark) return false;
    noise[static_cast<size_t>(item)] = mark == kNoiseMark;
    any = any || mark == kNoiseMark;
  }
  if (any) search.noise = std::move(noise);
  return any;
}

}  // namespace fr
