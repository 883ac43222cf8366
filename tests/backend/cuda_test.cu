// What only the cuda backend promises, on a GPU: convolution by im2col agrees with ref as cuDNN's does, and a
// call can be captured as a CUDA graph from its second time on. Built with the backend, skipped without a
// GPU.
#include <cuda_runtime.h>

#include <set>

#include "backend/cuda/blas.h"
#include "backend/cuda/convolution.h"
#include "backend/cuda/math_mode.h"
#include "backend/harness.h"
#include "core/cuda_check.cuh"
#include "core/device_memory.h"
#include "core/parameters.h"
#include "core/random.h"
#include "core/working_copy.h"
#include "support/backends.h"

using namespace fr;
using namespace fr::test;

namespace {

constexpr cuda::MathMode kModes[] = {cuda::kBf16Mode, cuda::kF32Mode, cuda::kTf32Mode};

// The operands of a case on the GPU.
struct Bound {
  std::vector<Guarded> guarded;
  std::vector<View> views;
  Bound(const Backend& backend, const Case& c) {
    const Values values = initial_values(c);
    for (size_t i = 0; i < values.size(); ++i) {
      guarded.emplace_back(c.operands[i], values[i], dtype_of(c.operands[i], backend), backend.device());
      views.push_back(guarded.back().view());
    }
  }
  Values values() {
    Values result;
    for (Guarded& g : guarded) {
      g.fetch();
      result.push_back(g.values());
    }
    return result;
  }
};

}  // namespace

TEST_CASE("cuda: convolution by im2col agrees with ref, and with itself bit for bit") {
  if (!can_use("cuda")) return;
  const auto ref = make_backend("ref");
  for (const cuda::MathMode& mode : kModes) {
    const auto backend = cuda::make_backend(mode, cuda::Convolutions::kIm2col);
    for (const Case& c : conformance_cases()) {
      if (!c.name.starts_with("conv")) continue;
      check_against(*ref, *backend, c);
    }
  }
}

TEST_CASE(
    "cuda: products with a working copy of the weights are those with weights rounded where they are used") {
  if (!can_use("cuda")) return;
  constexpr Shape x{.n = 2, .c = 16, .h = 9, .w = 9}, y{.n = 2, .c = 24, .h = 9, .w = 9};
  constexpr Shape embeddings{.n = 2, .c = 40};
  Parameters parameters;
  parameters.add("gamma", {5});
  parameters.add("conv", {y.c, x.c, 3, 3});
  parameters.add("fc", {embeddings.c, x.c * x.plane()});
  parameters.allocate(Device::kCuda);
  std::vector<float> host(static_cast<size_t>(parameters.count())), images(static_cast<size_t>(y.count()));
  const RandomStream stream(1, "working copy", 0);
  for (size_t i = 0; i < host.size(); ++i) host[i] = stream.uniform(i) - 0.5f;
  for (size_t i = 0; i < images.size(); ++i) images[i] = stream.uniform(i + host.size());
  const auto to_gpu = [](float* to, const float* from, int64_t count) {
    copy_bytes(Device::kCuda, to, Device::kCpu, from, count * 4);
  };
  to_gpu(parameters.values().data(), host.data(), std::ssize(host));
  WorkingCopy copy(parameters);
  copy.make();
  const auto backend = cuda::make_backend(cuda::kBf16Mode);
  const auto weights = [&](const char* name) { return parameters.values(parameters.slice(name)).data(); };
  const auto result = [&](Shape from, Shape to, const auto& product) {
    const Tensor in(from, {}, DType::kF32, Device::kCuda), out(to, {}, DType::kF32, Device::kCuda);
    to_gpu(in.f32(), images.data(), from.count());
    product(in, out);
    const OnHost values(out);
    return std::vector<float>(values.floats().begin(), values.floats().end());
  };
  const auto all = [&] {
    return std::vector<std::vector<float>>{
        result(x, y,
               [&](const View& in, const View& out) { backend->conv_forward({}, in, weights("conv"), out); }),
        result(y, x,
               [&](const View& in, const View& out) {
                 backend->conv_backward_data({}, in, weights("conv"), out);
               }),
        result(x, embeddings, [&](const View& in, const View& out) {
          backend->linear_forward(in, weights("fc"), nullptr, out);
        })};
  };
  const auto expected = all();
  backend->follow(&copy);
  const auto found = all();
  backend->follow(nullptr);
  CHECK(found[0] == expected[0]);
  CHECK(found[1] == expected[1]);
  // cuBLAS may take another algorithm where rows begin at other multiples of 16 bytes.
  for (size_t i = 0; i < expected[2].size(); ++i)
    CHECK(found[2][i] == doctest::Approx(expected[2][i]).epsilon(1e-4));
}

TEST_CASE("cuda: a call can be captured as a graph, and the graph computes what the call does") {
  if (!can_use("cuda")) return;
  for (const cuda::MathMode& mode : kModes) {
    const auto backend = cuda::make_backend(mode);
    for (const Case& c : conformance_cases()) {
      if (c.name.starts_with("conv_frozen")) continue;  // it uploads its weights
      INFO(mode.name, ": ", c.name);
      Bound direct(*backend, c), captured(*backend, c);
      c.run(*backend, direct.views);
      cudaGraph_t graph{};
      cudaGraphExec_t executable{};
      FR_CUDA(cudaStreamBeginCapture(cuda::stream(), cudaStreamCaptureModeThreadLocal));
      c.run(*backend, captured.views);
      FR_CUDA(cudaStreamEndCapture(cuda::stream(), &graph));
      FR_CUDA(cudaGraphInstantiate(&executable, graph, 0));
      FR_CUDA(cudaGraphLaunch(executable, cuda::stream()));
      CHECK(same_bits(captured.values(), direct.values()));
      FR_CUDA(cudaGraphExecDestroy(executable));
      FR_CUDA(cudaGraphDestroy(graph));
    }
  }
}

TEST_CASE("cuda: convolutions are done as another run's lines say, where that is possible") {
  if (!can_use("cuda")) return;
  const auto lines_of = [](const std::vector<std::string>& recalled) {
    const auto backend = cuda::make_backend(cuda::kBf16Mode);
    backend->recall(recalled);
    for (const Case& c : conformance_cases()) {
      if (!c.name.starts_with("conv") || c.name.starts_with("conv_frozen")) continue;
      Bound bound(*backend, c);
      c.run(*backend, bound.views);
    }
    return backend->implementations();
  };
  const std::vector<std::string> first = lines_of({});
  CHECK_FALSE(first.empty());
  CHECK(lines_of(first) == first);
  std::set<std::string> other;
  std::vector<std::string> gone, problems;
  for (const std::string& line : first) {
    const std::string problem = line.substr(0, line.find(": ") + 2);
    problems.push_back(problem);
    other.insert(problem + cuda::kIm2col);
    gone.push_back(problem + "an algorithm that is offered no more");
  }
  const std::vector<std::string> by_im2col(other.begin(), other.end());
  CHECK(lines_of(by_im2col) == by_im2col);
  const std::vector<std::string> again = lines_of(gone);
  REQUIRE(again.size() == problems.size());
  for (size_t i = 0; i < again.size(); ++i) CHECK(again[i].starts_with(problems[i]));
}
