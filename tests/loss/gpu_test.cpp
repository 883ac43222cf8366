// The head on a GPU against the head on a CPU: the same source, other devices. Skipped aloud where no GPU can
// be used or no backend for it was built.
#include <algorithm>

#include "core/device_memory.h"
#include "loss/bf16_backend.h"
#include "loss/sampled_classes.h"
#include "loss/steps.h"

using namespace fr;
using namespace fr::test;

namespace {

void compare(const LossRun& run, const LossRun& expected, double tolerance) {
  CHECK(run.loss == doctest::Approx(expected.loss).epsilon(tolerance));
  CHECK(relative_error(run.row_losses, expected.row_losses) <= tolerance);
  CHECK(relative_error(run.target_logits, expected.target_logits) <= 1e-5);
  CHECK(relative_error(run.dx, expected.dx) <= tolerance);
  CHECK(relative_error(run.dw, expected.dw) <= tolerance);
  CHECK(relative_error(run.db, expected.db) <= tolerance);
}

template <class Check>
void for_each_case(const Check& check) {
  for (const std::string& name : Registry<LossKind>::instance().names())
    for (const double sample : {1.0, 0.5, 0.0})
      for (const int64_t tile : {7, 96, 0}) {
        INFO(name, " sample ", sample, " tile ", tile);
        LossOptions options;
        options.name = name;
        options.sample = sample;
        options.tile = tile;
        if (name != "softmax") options.scale = 16;
        check(options);
      }
}

}  // namespace

TEST_CASE("GPU in f32: every loss gives what the CPU gives") {
  if (!can_use("cuda_f32")) return;
  const auto gpu = make_backend("cuda_f32"), cpu = make_backend("ref");
  const LossInputs in = random_inputs(33, 24, 131);
  for_each_case([&](const LossOptions& options) {
    compare(run_loss(options, *gpu, in), run_loss(options, *cpu, in), 2e-5);
  });
}

TEST_CASE("GPU in bf16: every loss gives what bf16 gives on the CPU") {
  if (!can_use("cuda")) return;
  const auto gpu = make_backend("cuda");
  Bf16Backend cpu;
  const LossInputs in = random_inputs(33, 24, 131);
  for_each_case([&](const LossOptions& options) {
    compare(run_loss(options, *gpu, in), run_loss(options, cpu, in), 5e-3);
  });
}

TEST_CASE("GPU: the same bits each time; steps of SGD end where the CPU's do") {
  if (!can_use("cuda_f32")) return;
  const auto gpu = make_backend("cuda_f32"), cpu = make_backend("ref");
  const LossInputs in = random_inputs(33, 24, 131);
  for (const SgdForm form : {SgdForm::kTorch, SgdForm::kMxnet})
    for_each_case([&](LossOptions options) {
      const SgdOptions sgd{.form = form};
      options.sgd = sgd;
      const Trained run = train(options, sgd, *gpu, in), again = train(options, sgd, *gpu, in);
      CHECK(run.values == again.values);
      CHECK(run.momentum == again.momentum);
      const Trained expected = train(options, sgd, *cpu, in);
      CHECK(relative_error(run.values, expected.values) <= 1e-4);
      CHECK(relative_error(run.momentum, expected.momentum) <= 1e-3);
      CHECK(relative_error(run.squares, expected.squares) <= 1e-3);
    });
}

TEST_CASE("GPU: the sample is the CPU's, class by class") {
  if (!can_use("cuda")) return;
  constexpr int64_t kClasses = 300'001, kRows = 512;
  const LossInputs in = random_inputs(kRows, 1, kClasses);
  for (const int64_t wanted : {0, 100, 30'000, 300'000}) {
    std::vector<std::vector<int32_t>> index;
    for (const Device device : {Device::kCpu, Device::kCuda}) {
      SampledClasses sampled(device, 1000, kClasses, wanted, 7);
      const Array<int32_t> labels(kRows, device), columns(kRows, device);
      copy_bytes(device, labels.data(), Device::kCpu, in.labels.data(), labels.bytes());
      sampled.set_step(3);
      sampled.draw();
      sampled.resize(kRows);
      sampled.select(kRows, labels.data(), columns.data());
      std::vector<int32_t> chosen(static_cast<size_t>(sampled.columns()));
      copy_bytes(Device::kCpu, chosen.data(), device, sampled.index(),
                 sampled.columns() * int64_t{sizeof(int32_t)});
      const std::vector<int32_t> places = columns.on_host();
      chosen.insert(chosen.end(), places.begin(), places.end());
      index.push_back(chosen);
    }
    CHECK(index[0] == index[1]);
  }
}
