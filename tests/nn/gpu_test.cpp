// A whole network on a GPU against the same on a CPU. Skipped aloud where no GPU can be used or no backend
// for it was built.
#include <doctest/doctest.h>

#include <utility>
#include <vector>

#include "core/device_memory.h"
#include "nn/gradient.h"
#include "nn/network.h"
#include "support/backends.h"
#include "support/support.h"

using namespace fr;

namespace {

struct Pass {
  std::vector<float> embeddings, gradients;
};

// Forward and backward of one batch, its gradients added to zeros.
Pass train_pass(const std::string& backend_name) {
  const auto backend = make_backend(backend_name);
  const Device device = backend->device();
  Network network("iresnet18", {.embedding_size = 64}, *backend);
  network.initialise(1);
  const auto on_device = [&](const Tensor& host) {
    Tensor copied(host.shape(), {}, DType::kF32, device);
    copy(host, copied);
    return copied;
  };
  const Tensor images = on_device(test::random_tensor({8, 3, 112, 112}, "images"));
  const Tensor gradient = on_device(test::random_tensor({8, 64}, "gradient"));
  Pass pass;
  const View& embeddings = network.forward_train(images);
  pass.embeddings.resize(static_cast<size_t>(embeddings.shape.count()));
  copy_bytes(Device::kCpu, pass.embeddings.data(), device, embeddings.f32(), embeddings.bytes());
  network.backward(gradient);
  const auto sums = network.parameters().gradients();
  pass.gradients.resize(sums.size());
  copy_bytes(Device::kCpu, pass.gradients.data(), device, sums.data(),
             static_cast<int64_t>(sums.size_bytes()));
  return pass;
}

}  // namespace

TEST_CASE("GPU: embeddings and gradients of a whole iresnet18 agree with the CPU's") {
  const std::pair<const char*, double> tolerances[] = {
      {"cuda_f32", 3e-4}, {"cuda_tf32", 0.08}, {"cuda", 0.3}};
  Pass expected;
  for (const auto& backend : tolerances) {
    if (!test::can_use(backend.first)) continue;
    INFO(backend.first);
    if (expected.embeddings.empty()) expected = train_pass("cpu");
    const Pass pass = train_pass(backend.first);
    CHECK(test::relative_distance(pass.embeddings, expected.embeddings) < backend.second);
    CHECK(test::relative_distance(pass.gradients, expected.gradients) < backend.second);
  }
}
