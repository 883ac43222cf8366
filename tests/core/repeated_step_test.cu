// A step that is captured does what it does uncaptured, run after run; on a CPU nothing is captured.
#include "core/repeated_step.h"

#include <doctest/doctest.h>

#include <vector>

#include "core/array.h"
#include "core/launch.cuh"
#include "support/backends.h"

using namespace fr;

namespace {

struct AddAndCount {
  const int* by;
  int *sums, *runs;  // (n)
  FR_HD void operator()(int64_t i) const {
    sums[i] += *by;
    ++runs[i];
  }
};

}  // namespace

TEST_CASE("a repeated step is done once a run, with the numbers of now, also after its memory moved") {
  for (const Device device : {Device::kCpu, Device::kCuda}) {
    if (device == Device::kCuda && !test::can_use("cuda")) continue;
    constexpr int64_t kCount = 1000;
    constexpr int kRuns = 70;  // more than BusyTime keeps apart
    const Array<int> by(1, device), sums(kCount, device), runs(kCount, device);
    zero_bytes(device, sums.data(), sums.bytes());
    zero_bytes(device, runs.data(), runs.bytes());
    RepeatedStep step(device, [&] {
      launch(device, kCount, AddAndCount{by.data(), sums.data(), runs.data()});
    });
    int expected = 0;
    for (int i = 0; i < kRuns; ++i) {
      if (i == 4) step.forget();
      const int number = 10 + i;
      copy_bytes(device, by.data(), Device::kCpu, &number, sizeof number);
      step.run();
      expected += number;
    }
    CHECK(sums.on_host() == std::vector<int>(kCount, expected));
    CHECK(runs.on_host() == std::vector<int>(kCount, kRuns));
    const double busy = step.busy_seconds();
    CHECK((busy > 0) == (device == Device::kCuda));
    CHECK(step.busy_seconds() == 0);
  }
}
