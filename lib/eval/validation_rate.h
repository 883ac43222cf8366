// val@far (spec 6.1): TAR at the threshold that interpolates to a false accept rate on the training part,
// fold by fold.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace fr {

struct ValidationRate {
  double mean = 0, std = 0;        // TAR of the test parts; population standard deviation
  double far = 0;                  // mean false accept rate of the test parts
  std::vector<double> folds;       // TAR of each test part
  std::vector<double> thresholds;  // 0 for a fold whose training part never reaches the target
};

// distances (n) squared L2, same (n); thresholds j*0.001. Throws fr::Error when a training or test part lacks
// genuine or impostor pairs: the reference divides by zero there.
ValidationRate validation_rate(std::span<const double> distances, std::span<const uint8_t> same,
                               int64_t folds, double far);

// The value at `target` of interp1d(far, thresholds, kind='slinear') of SciPy <= 1.8, with its treatment of
// repeated far (the last duplicate counts; 0 where the target is a repeated maximum). far (n) ascending, n >=
// 2, far[0] <= target <= far[n-1].
double interpolate_threshold(std::span<const double> far, std::span<const double> thresholds, double target);

}  // namespace fr
