// What travels beside the work arrives, part by part and step by step. On a CPU a copy is done at once; the
// order of calls is the one that a GPU is given.
#include "core/upload.h"

#include <doctest/doctest.h>

#include <numeric>
#include <vector>

#include "core/array.h"
#include "support/backends.h"

using namespace fr;

TEST_CASE("parts arrive in the order in which they were started") {
  for (const Device device : {Device::kCpu, Device::kCuda}) {
    if (device == Device::kCuda && !test::can_use("cuda")) continue;
    const int64_t bytes[] = {4000, 40};
    Upload upload(device, bytes);
    Pinned first(device, bytes[0]), second(device, bytes[1]);
    const Array<int32_t> a(1000, device), b(10, device);
    for (int32_t step = 0; step < 5; ++step) {
      std::iota(first.as<int32_t>(), first.as<int32_t>() + 1000, step);
      std::fill_n(second.as<int32_t>(), 10, -step);
      const void* from[] = {first.as<int32_t>(), second.as<int32_t>()};
      void* const to[] = {a.data(), b.data()};
      upload.start(from);
      upload.wait();
      std::fill_n(first.as<int32_t>(), 1000, 77);
      upload.take(to);
      CHECK(a.on_host()[999] == 999 + step);
      CHECK(b.on_host() == std::vector<int32_t>(10, -step));
    }
  }
}
