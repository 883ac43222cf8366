// What the loss tests share: a loss with given parameters and inputs, run once on one backend.
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "core/parallel.h"
#include "core/random.h"
#include "loss/loss.h"
#include "support/backends.h"

namespace fr::test {

// One thread until the end of the scope: small cases are many times faster without a pool to wake.
class OneThread {
 public:
  OneThread() { set_thread_count(1); }
  ~OneThread() { set_thread_count(threads_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int threads_ = thread_count();
};

// Copies of everything one forward_backward gives.
struct LossRun {
  double loss = 0;
  std::vector<float> dx, dw, db;  // (n, d), (classes, d), (classes) or empty
  std::vector<float> row_losses, target_logits;
};

struct LossInputs {
  int64_t n = 0, d = 0, classes = 0;
  std::vector<float> x{}, w{}, b{};  // (n, d), (classes, d), (classes) or empty
  std::vector<int32_t> labels{};     // (n)
};

// Random embeddings of norm about 1.5, weights of norm about 1; some classes repeat.
inline LossInputs random_inputs(int64_t n, int64_t d, int64_t classes, uint64_t seed = 1) {
  LossInputs in{.n = n, .d = d, .classes = classes};
  RandomStream stream(seed, "loss test");
  const double each = std::sqrt(static_cast<double>(d));
  for (int64_t i = 0; i < n * d; ++i) in.x.push_back(static_cast<float>(1.5 / each) * stream.next_normal());
  for (int64_t i = 0; i < classes * d; ++i)
    in.w.push_back(static_cast<float>(1 / each) * stream.next_normal());
  for (int64_t i = 0; i < classes; ++i) in.b.push_back(0.1f * stream.next_normal());
  for (int64_t i = 0; i < n; ++i)
    in.labels.push_back(static_cast<int32_t>(stream.next_below(static_cast<uint64_t>(classes))));
  return in;
}

inline bool has_bias(Loss& loss) { return loss.parameters().slices().size() > 1; }

inline Tensor on_device(std::span<const float> values, Shape shape, Device device) {
  Tensor tensor(shape, {}, DType::kF32, device);
  copy(view_of(values.data(), shape), tensor);
  return tensor;
}

// Copies of values of a device.
inline std::vector<float> values_of(std::span<const float> values, Device device) {
  const OnHost host(view_of(values.data(), {.n = std::ssize(values)}, device));
  return {host.floats().begin(), host.floats().end()};
}

inline LossRun run_loss(LossOptions options, Backend& backend, const LossInputs& in) {
  options.embedding_size = in.d;
  options.classes = in.classes;
  const std::unique_ptr<Loss> loss = make_loss(options, backend);
  Parameters& parameters = loss->parameters();
  const Device device = backend.device();
  const Slice& weight = parameters.slice("weight");
  copy(view_of(in.w.data(), {.n = weight.count}), parameters.view(weight));
  if (has_bias(*loss) && !in.b.empty()) {
    const Slice& bias = parameters.slice("bias");
    copy(view_of(in.b.data(), {.n = bias.count}), parameters.view(bias));
  }
  LossRun run;
  const Tensor x = on_device(in.x, {in.n, in.d}, device);
  run.dx.assign(in.x.size(), std::nanf(""));  // must be overwritten
  const Tensor dx = on_device(run.dx, {in.n, in.d}, device);
  run.loss = loss->forward_backward(x, in.labels, dx);
  const auto copy_of = [](std::span<const float> values) {
    return std::vector<float>(values.begin(), values.end());
  };
  run.dx = values_of(dx.floats(), device);
  run.dw = values_of(parameters.gradients(weight), device);
  if (has_bias(*loss)) run.db = values_of(parameters.gradients(parameters.slice("bias")), device);
  run.row_losses = copy_of(loss->row_losses());
  run.target_logits = copy_of(loss->target_logits());
  return run;
}

// max |got - expected| / max |expected|; NaN when anything is.
template <class A, class B>
double relative_error(const A& got, const B& expected) {
  REQUIRE(got.size() == expected.size());
  double largest = 0, worst = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    const double difference = std::abs(static_cast<double>(got[i]) - static_cast<double>(expected[i]));
    if (!std::isfinite(difference)) return std::nan("");
    worst = std::max(worst, difference);
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
  }
  return largest > 0 ? worst / largest : worst;
}

// Runs body(backend) for every backend that works here in host memory.
template <class Body>
void for_each_backend(const Body& body) {
  for (const std::string& name : usable_host_backends()) {
    const std::unique_ptr<Backend> backend = make_backend(name);
    INFO("backend ", name);
    body(*backend);
  }
}

}  // namespace fr::test
