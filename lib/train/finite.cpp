#include "train/finite.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "core/device_memory.h"
#include "train/sgd.h"

namespace fr {

double sum_of_squares(const View& values) {
  Memory square(int64_t{sizeof(double)}, values.device);
  auto* const on_device = reinterpret_cast<double*>(square.data());
  SumOfSquares(values.count(), values.device).run(values.f32(), on_device);
  double result = 0;
  copy_bytes(Device::kCpu, &result, values.device, on_device, sizeof result);
  return result;
}

std::optional<std::string> first_not_finite(const Parameters& parameters, bool gradients) {
  for (const Slice& slice : parameters.slices()) {
    const auto values = gradients ? parameters.gradients(slice) : parameters.values(slice);
    const OnHost host(view_of(values.data(), {.n = slice.count}, parameters.device()));
    const auto part = host.floats();
    const auto it = std::ranges::find_if(part, [](float v) { return !std::isfinite(v); });
    if (it != part.end()) return fmt::format("'{}' holds {} at {}", slice.name, *it, it - part.begin());
  }
  return std::nullopt;  // a stray value in the padding between slices belongs to nobody
}

}  // namespace fr
