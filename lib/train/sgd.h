// SGD with momentum and weight decay (core/sgd_options.h): one pass over the flat buffers of Parameters.
#pragma once
#include <cstdint>
#include <vector>

#include "core/device.h"
#include "core/parameters.h"
#include "core/sgd_options.h"
#include "core/tensor.h"
#include "core/working_copy.h"

namespace fr {

class Sgd {
 public:
  // `parameters` must outlive this object. Momenta start at zero, which makes torch's first step v = g.
  Sgd(const SgdOptions& options, const Parameters& parameters);
  // The rate of the steps from now on. Apart from step(), so that a captured step can be repeated at another.
  void set_rate(double lr);
  // Steps every trainable slice. With zero_gradients, the whole gradient buffer is zero after it.
  void step(bool zero_gradients = true);
  // From now on a step also rounds what it stepped into `copy`, of the same parameters; null: no more.
  void keep(const WorkingCopy* copy) { copy_ = copy; }
  // (parameters.count()), laid out as the values: what a checkpoint saves beside them.
  const View& momentum() const { return momentum_; }

 private:
  void step_run(int64_t begin, int64_t count, bool zero_gradients);
  struct Run {  // adjacent slices stepped alike
    int64_t begin, end;
    bool trainable;
  };
  SgdOptions options_;
  const Parameters& parameters_;
  Tensor momentum_;  // (count)
  Tensor rate_;      // (1)
  const WorkingCopy* copy_ = nullptr;
  std::vector<Run> runs_;
};

// The sum of the squares of x (n), in double by a fixed tree: square, one double on the device. Finite
// exactly when every value is.
class SumOfSquares {
 public:
  SumOfSquares(int64_t n, Device device);
  void run(const float* x, double* square);

 private:
  int64_t n_;
  Device device_;
  Memory sums_;  // of chunks
};

// Scales x (n) by min(1, max_norm/(norm + 1e-6)) (spec 3.1), where norm is the root of *square on the device.
void clip(Device device, int64_t n, float* x, const double* square, double max_norm);

}  // namespace fr
