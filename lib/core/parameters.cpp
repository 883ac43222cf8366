#include "core/parameters.h"

#include <algorithm>

#include "core/device_memory.h"
#include "core/error.h"

namespace fr {

int64_t Parameters::add(std::string name, std::vector<int64_t> shape, bool trainable) {
  int64_t count = 1;
  for (int64_t extent : shape) count *= extent;
  slices_.push_back({std::move(name), std::move(shape), count_, count, trainable});
  count_ += (count + kSliceAlignment - 1) / kSliceAlignment * kSliceAlignment;
  return static_cast<int64_t>(slices_.size()) - 1;
}

void Parameters::allocate(Device device) {
  device_ = device;
  values_ = Tensor::zeros({.n = count_}, {}, DType::kF32, device);
}

std::span<float> Parameters::gradients() const {
  if (gradients_.shape().n != count_) gradients_ = Tensor::zeros({.n = count_}, {}, DType::kF32, device_);
  return gradients_.floats();
}

const Slice& Parameters::slice(std::string_view name) const {
  const auto it = std::ranges::find(slices_, name, &Slice::name);
  FR_CHECK(it != slices_.end(), "no parameter named '{}'", name);
  return *it;
}

int64_t Parameters::trainable_count() const {
  int64_t count = 0;
  for (const Slice& s : slices_) count += s.trainable ? s.count : 0;
  return count;
}

std::span<float> Parameters::values(const Slice& s) const {
  return values().subspan(static_cast<size_t>(s.offset), static_cast<size_t>(s.count));
}

std::span<float> Parameters::gradients(const Slice& s) const {
  return gradients().subspan(static_cast<size_t>(s.offset), static_cast<size_t>(s.count));
}

void Parameters::zero_gradients() const {
  const std::span<float> all = gradients();
  zero_bytes(device_, all.data(), static_cast<int64_t>(all.size_bytes()));
}

}  // namespace fr
