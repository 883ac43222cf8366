#include "train/finite.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/parallel.h"

namespace fr {

namespace {

constexpr size_t kChunk = 1 << 14;
constexpr size_t kLanes = 8;  // independent sums, so that the loop is a vector loop without fast-math

double chunk_sum(std::span<const float> values) {
  std::array<double, kLanes> sums{};
  size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const auto v = static_cast<double>(values[i + lane]);
      sums[lane] += v * v;
    }
  }
  for (; i < values.size(); ++i) sums[0] += static_cast<double>(values[i]) * static_cast<double>(values[i]);
  double sum = 0;
  for (const double s : sums) sum += s;
  return sum;
}

}  // namespace

double sum_of_squares(std::span<const float> values) {
  const size_t chunks = (values.size() + kChunk - 1) / kChunk;
  std::vector<double> sums(chunks);
  parallel_for(static_cast<int64_t>(chunks), [&](int64_t c) {
    const size_t begin = static_cast<size_t>(c) * kChunk;
    sums[static_cast<size_t>(c)] = chunk_sum(values.subspan(begin, std::min(kChunk, values.size() - begin)));
  });
  double sum = 0;
  for (const double s : sums) sum += s;
  return sum;
}

std::optional<std::string> first_not_finite(const Parameters& parameters, bool gradients) {
  const auto all = gradients ? parameters.gradients() : parameters.values();
  if (std::isfinite(sum_of_squares(all))) return std::nullopt;
  for (const Slice& slice : parameters.slices()) {
    const auto part = gradients ? parameters.gradients(slice) : parameters.values(slice);
    const auto it = std::ranges::find_if(part, [](float v) { return !std::isfinite(v); });
    if (it != part.end()) return fmt::format("'{}' holds {} at {}", slice.name, *it, it - part.begin());
  }
  return std::nullopt;  // a stray value in the padding between slices belongs to nobody
}

}  // namespace fr
