// Runs a Case on any Backend with every operand between guard words, outputs prefilled so that "overwrites"
// and "adds to" are verified, and compares results. Operands go to the backend's device and come back with
// their guards. Tolerances per dtype live here and nowhere else.
#pragma once
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "backend/cases.h"
#include "backend/checks.h"
#include "core/random.h"

namespace fr::test {

// A result may differ from the oracle's by tolerance * (its own magnitude + the root mean square of its
// tensor).
inline double tolerance(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return 2e-5;
    case DType::kF16:
      return 4e-3;
    case DType::kBf16:
      return 3e-2;
    case DType::kU8:
      return 0;
  }
  return 0;
}

// Of a backend's results: that of its activations, and of the 10 bits that tf32 leaves of a factor.
inline double tolerance(const Backend& backend) {
  return backend.name() == "cuda_tf32" ? tolerance(DType::kF16) : tolerance(backend.activations());
}

inline constexpr int64_t kGuards = 16;  // words before and after each operand
inline constexpr uint32_t kGuard =
    0x7fa17fa2;  // a NaN in f32 and in either half in bf16, so that reading it shows as well

// Values of one operand in NCHW order: the same numbers whatever its layout.
inline std::vector<float> initial_values(const Case& c, const Operand& operand) {
  std::vector<float> values(static_cast<size_t>(operand.shape.count()));
  RandomStream stream(1, "backend " + operand.name, static_cast<uint64_t>(c.operands.size()));
  for (float& value : values)
    value = operand.role == Role::kOverwritten ? std::numeric_limits<float>::quiet_NaN()
                                               : stream.next_uniform(operand.low, operand.high);
  return values;
}

// The nearest value that the dtype can hold.
inline float rounded(float value, DType dtype) {
  return dtype == DType::kBf16 ? static_cast<float>(Bf16(value)) : value;
}

// One operand in its layout and dtype between guard words, on a device. Plain row-major operands start one
// element off the alignment, as slices of a flat parameter buffer do.
class Guarded {
 public:
  Guarded(const Operand& operand, const std::vector<float>& values, DType dtype = DType::kF32,
          Device device = Device::kCpu)
      : operand_(operand), dtype_(dtype) {
    const bool plain = operand.layout.block == 1;
    first_ = kGuards + (plain ? 1 : 0);
    const Shape shape{1, operand.shape.count() + 2 * kGuards + 1, 1, 1};
    host_ = Tensor(shape, {}, dtype);
    for (int64_t i = 0; i < shape.c; ++i) std::memcpy(at(i), &kGuard, static_cast<size_t>(size_of(dtype)));
    for_each([&](int64_t i, int64_t offset) { store(first_ + offset, values[static_cast<size_t>(i)]); });
    if (device != Device::kCpu) {
      device_ = Tensor(shape, {}, dtype, device);
      copy(host_, device_);
    }
    auto* const memory = static_cast<std::byte*>((device == Device::kCpu ? host_ : device_).view().data);
    view_ = {memory + first_ * size_of(dtype), operand.shape, operand.layout, dtype, device};
  }
  const View& view() const { return view_; }
  const Operand& operand() const { return operand_; }
  // Brings what the device holds to the host: to be called before the two below.
  void fetch() {
    if (view_.device != Device::kCpu) copy(device_, host_);
  }
  // In NCHW order.
  std::vector<float> values() const {
    std::vector<float> result(static_cast<size_t>(view_.count()));
    for_each([&](int64_t i, int64_t offset) { result[static_cast<size_t>(i)] = load(first_ + offset); });
    return result;
  }
  bool guards_intact() const {
    for (int64_t i = 0; i < host_.shape().count(); ++i) {
      if (i >= first_ && i < first_ + view_.count()) continue;
      if (std::memcmp(at(i), &kGuard, static_cast<size_t>(size_of(dtype_))) != 0) return false;
    }
    return true;
  }

 private:
  std::byte* at(int64_t i) const { return static_cast<std::byte*>(host_.view().data) + i * size_of(dtype_); }
  float load(int64_t i) const {
    if (dtype_ == DType::kF32) return host_.f32()[i];
    return static_cast<float>(static_cast<const Bf16*>(host_.view().data)[i]);
  }
  void store(int64_t i, float value) const {
    if (dtype_ == DType::kF32)
      host_.f32()[i] = value;
    else
      static_cast<Bf16*>(host_.view().data)[i] = Bf16(value);
  }
  template <class F>
  void for_each(const F& f) const {
    const View place{nullptr, operand_.shape, operand_.layout};
    const Shape& s = operand_.shape;
    int64_t i = 0;
    for (int64_t n = 0; n < s.n; ++n)
      for (int64_t c = 0; c < s.c; ++c)
        for (int64_t p = 0; p < s.plane(); ++p) f(i++, offset_of(place, n, c, p));
  }
  Operand operand_;
  DType dtype_;
  Tensor host_, device_;  // device_ is empty on a CPU
  int64_t first_ = 0;     // element of host_ where the operand begins
  View view_;
};

using Values = std::vector<std::vector<float>>;  // one per operand, NCHW order

inline Values initial_values(const Case& c) {
  Values values;
  for (const Operand& operand : c.operands) values.push_back(initial_values(c, operand));
  return values;
}

// The values as the operands hold them where `backend` runs the case.
inline Values as_held(const Case& c, const Backend& backend, Values values) {
  for (size_t i = 0; i < values.size(); ++i)
    for (float& value : values[i]) value = rounded(value, dtype_of(c.operands[i], backend));
  return values;
}

// Runs the case on the given values (as_held) and returns them afterwards. Guards must be intact and inputs
// unchanged.
inline Values run_case(Backend& backend, const Case& c, const Values& before) {
  std::vector<Guarded> guarded;
  std::vector<View> views;
  for (size_t i = 0; i < before.size(); ++i) {
    guarded.emplace_back(c.operands[i], before[i], dtype_of(c.operands[i], backend), backend.device());
    views.push_back(guarded.back().view());
  }
  c.run(backend, views);
  Values after;
  for (size_t i = 0; i < guarded.size(); ++i) {
    INFO(backend.name(), ": ", c.name, ": ", c.operands[i].name);
    guarded[i].fetch();
    after.push_back(guarded[i].values());
    CHECK(guarded[i].guards_intact());
    if (c.operands[i].role == Role::kInput)
      CHECK(std::memcmp(after[i].data(), before[i].data(), before[i].size() * sizeof(float)) == 0);
  }
  return after;
}

inline bool same_bits(const Values& a, const Values& b) {
  for (size_t i = 0; i < a.size(); ++i)
    if (a[i].size() != b[i].size() || std::memcmp(a[i].data(), b[i].data(), a[i].size() * sizeof(float)) != 0)
      return false;
  return a.size() == b.size();
}

// Empty when `result` agrees with `expected`; otherwise says where it does not. Sizes, NaN and infinities
// count.
inline std::string difference(const std::vector<float>& result, const std::vector<float>& expected,
                              double tolerated) {
  if (result.size() != expected.size())
    return fmt::format("{} values, not {}", result.size(), expected.size());
  double squares = 0;
  for (const float value : expected) squares += double{value} * value;
  const double rms = std::sqrt(squares / static_cast<double>(expected.size()));
  for (size_t i = 0; i < result.size(); ++i) {
    const double error = std::abs(double{result[i]} - expected[i]);
    const double limit = tolerated * (std::abs(double{expected[i]}) + rms + 1e-3);
    if (!std::isfinite(result[i]) || !(error <= limit))
      return fmt::format("value {} is {}, not {} (error {:.3g}, limit {:.3g})", i, result[i], expected[i],
                         error, limit);
  }
  return "";
}

// A backend's results agree with ref's, and with its own of a second run bit for bit.
inline void check_against(Backend& ref, Backend& backend, const Case& c) {
  INFO(backend.name(), ": ", c.name);
  const Values before = as_held(c, backend, initial_values(c));
  const Values expected = run_case(ref, c, before), result = run_case(backend, c, before);
  for (size_t i = 0; i < result.size(); ++i) {
    INFO(c.operands[i].name);
    CHECK(difference(result[i], expected[i], tolerance(backend)) == "");
  }
  CHECK(same_bits(run_case(backend, c, before), result));
}

}  // namespace fr::test
