#include "loss/sampled_classes.h"

#include <algorithm>

#include "core/launch.cuh"
#include "core/philox.h"
#include "core/random.h"

namespace fr {

namespace {

constexpr int64_t kChunk = 2048;  // classes counted, and placed, together
constexpr int kBits = 4;          // of a digit

struct Draw {
  const uint64_t* step;
  uint64_t key;
  int64_t first;
  uint32_t* draws;  // (classes)
  FR_HD void operator()(int64_t i) const {
    draws[i] = philox(key, *step, static_cast<uint64_t>(first + i))[0];
  }
};

// One after the other, since labels repeat. Column 0 stands for any until the columns are known.
struct MarkPositives {
  int64_t n;
  const int32_t* labels;  // (n)
  int32_t* column_of;     // (classes)
  FR_HD void operator()(int64_t) const {
    for (int64_t row = 0; row < n; ++row)
      if (labels[row] >= 0) column_of[labels[row]] = 0;
  }
};

struct IsPositive {
  const int32_t* column_of;
  int64_t classes;
  FR_HD int64_t operator()(int64_t chunk, int64_t i) const {
    const int64_t c = chunk * kChunk + i;
    return c < classes && column_of[c] >= 0 ? 1 : 0;
  }
};

// Of the chunks before the row's.
struct Before {
  const int64_t* counts;  // (chunks)
  FR_HD int64_t operator()(int64_t row, int64_t col) const { return col < row ? counts[col] : 0; }
};

struct StartThreshold {
  SampleThreshold* threshold;
  int32_t* used;
  int64_t wanted;
  FR_HD void operator()(int64_t, int64_t positives) const {
    const int64_t taken = wanted > positives ? wanted - positives : 0;
    *threshold = {0, static_cast<int32_t>(taken), static_cast<int32_t>(taken)};
    *used = static_cast<int32_t>(positives + taken);
  }
};

struct AddDigits {
  static FR_HD DigitCounts identity() {
    DigitCounts zero;
    for (auto& count : zero.of) count = 0;
    return zero;
  }
  FR_HD DigitCounts operator()(const DigitCounts& a, const DigitCounts& b) const {
    DigitCounts sum;
    for (int k = 0; k < DigitCounts::kValues; ++k) sum.of[k] = a.of[k] + b.of[k];
    return sum;
  }
};

// Of the draws that begin with the threshold's digits so far.
struct NextDigit {
  const SampleThreshold* threshold;
  const uint32_t* draws;     // (classes)
  const int32_t* column_of;  // (classes)
  int64_t classes;
  int shift;  // bits behind the digit
  FR_HD DigitCounts operator()(int64_t chunk, int64_t i) const {
    DigitCounts one = AddDigits::identity();
    const int64_t c = chunk * kChunk + i;
    if (c >= classes || column_of[c] >= 0) return one;
    const uint64_t leading = uint64_t{draws[c]} >> shift;
    if (leading >> kBits != threshold->draw) return one;
    const auto digit = static_cast<int>(leading % DigitCounts::kValues);
    for (int k = 0; k < DigitCounts::kValues; ++k) one.of[k] = k == digit ? 1 : 0;
    return one;
  }
};

struct PickDigit {
  SampleThreshold* threshold;
  FR_HD void operator()(int64_t, const DigitCounts& counts) const {
    if (threshold->taken == 0) return;
    int digit = DigitCounts::kValues - 1;
    for (; digit > 0 && counts.of[digit] < threshold->ties; --digit) threshold->ties -= counts.of[digit];
    threshold->draw = threshold->draw << kBits | static_cast<uint32_t>(digit);
  }
};

constexpr int64_t kTie = int64_t{1} << 32;

// 1 for a class that is taken, kTie for one that is where ties suffice, else 0.
struct Taken {
  const SampleThreshold* threshold;
  const uint32_t* draws;     // (classes)
  const int32_t* column_of;  // (classes)
  int64_t classes;
  FR_HD int64_t operator()(int64_t chunk, int64_t i) const {
    const int64_t c = chunk * kChunk + i;
    if (c >= classes) return 0;
    if (column_of[c] >= 0) return 1;
    if (threshold->taken == 0 || draws[c] < threshold->draw) return 0;
    return draws[c] > threshold->draw ? 1 : kTie;
  }
};

// The sampled classes of one chunk, in order, behind those of the chunks before it.
struct PlaceChunk {
  Taken taken;
  const int64_t* before;  // (chunks)
  int32_t* index;         // (columns)
  int32_t* column_of;     // (classes)
  FR_HD void operator()(int64_t chunk) const {
    const int64_t all_ties = taken.threshold->ties;
    int64_t sure = before[chunk] % kTie, ties = before[chunk] / kTie;
    for (int64_t i = 0; i < kChunk && chunk * kChunk + i < taken.classes; ++i) {
      const int64_t c = chunk * kChunk + i, kind = taken(chunk, i);
      const bool in = kind == 1 || (kind == kTie && ties < all_ties);
      const int64_t column = sure + (ties < all_ties ? ties : all_ties);
      if (in) index[column] = static_cast<int32_t>(c);
      column_of[c] = in ? static_cast<int32_t>(column) : -1;
      sure += kind == 1 ? 1 : 0;
      ties += kind == kTie ? 1 : 0;
    }
  }
};

struct ClearUnused {
  const int32_t* used;
  int32_t* index;  // (columns)
  FR_HD void operator()(int64_t i) const {
    if (i >= *used) index[i] = -1;
  }
};

struct Relabel {
  const int32_t* labels;     // (n)
  const int32_t* column_of;  // (classes)
  int32_t* columns;          // (n)
  FR_HD void operator()(int64_t row) const { columns[row] = labels[row] < 0 ? -1 : column_of[labels[row]]; }
};

}  // namespace

SampledClasses::SampledClasses(Device device, int64_t first, int64_t classes, int64_t wanted, uint64_t seed)
    : device_(device),
      first_(first),
      classes_(classes),
      wanted_(wanted),
      chunks_((classes + kChunk - 1) / kChunk),
      key_(RandomStream(seed, "head.sample").key()),
      step_(1, device),
      draws_(classes, device),
      column_of_(classes, device),
      used_(1, device),
      threshold_(1, device),
      digits_(chunks_, device),
      counts_(chunks_, device),
      before_(chunks_, device) {
  set_step(0);
}

void SampledClasses::set_step(int64_t step) {
  launch(device_, 1, Fill<uint64_t>{step_.data(), static_cast<uint64_t>(step)});
}

void SampledClasses::draw() { launch(device_, classes_, Draw{step_.data(), key_, first_, draws_.data()}); }

void SampledClasses::resize(int64_t n) {
  const int64_t most_positives = std::min(n, classes_);
  always_full_ = wanted_ >= most_positives;
  index_ = Array<int32_t>(std::max(wanted_, most_positives), device_);
}

void SampledClasses::select(int64_t n, const int32_t* labels, int32_t* columns) {
  launch(device_, classes_, Fill<int32_t>{column_of_.data(), -1});
  launch(device_, 1, MarkPositives{n, labels, column_of_.data()});
  launch_rows(device_, chunks_, kChunk, IsPositive{column_of_.data(), classes_}, Sum<int64_t>{},
              Keep<int64_t>{counts_.data()});
  launch_rows(device_, 1, chunks_, Element<int64_t>{counts_.data()}, Sum<int64_t>{},
              StartThreshold{threshold_.data(), used_.data(), wanted_});
  find_threshold();
  place();
  launch(device_, n, Relabel{labels, column_of_.data(), columns});
}

void SampledClasses::find_threshold() {
  for (int shift = 32 - kBits; shift >= 0; shift -= kBits) {
    launch_rows(device_, chunks_, kChunk,
                NextDigit{threshold_.data(), draws_.data(), column_of_.data(), classes_, shift}, AddDigits{},
                Keep<DigitCounts>{digits_.data()});
    launch_rows(device_, 1, chunks_, Element<DigitCounts>{digits_.data()}, AddDigits{},
                PickDigit{threshold_.data()});
  }
}

void SampledClasses::place() {
  const Taken taken{threshold_.data(), draws_.data(), column_of_.data(), classes_};
  launch_rows(device_, chunks_, kChunk, taken, Sum<int64_t>{}, Keep<int64_t>{counts_.data()});
  launch_rows(device_, chunks_, chunks_, Before{counts_.data()}, Sum<int64_t>{},
              Keep<int64_t>{before_.data()});
  launch(device_, chunks_, PlaceChunk{taken, before_.data(), index_.data(), column_of_.data()});
  if (!always_full_) launch(device_, columns(), ClearUnused{used_.data(), index_.data()});
}

}  // namespace fr
